# The service with its sandbox, the PostgreSQL driver and a Chinese font for titles of films. Build and run it as docs/operating.md says.
# The digest is that of the image's index, so it holds for every architecture. This prints the newest one, to be put in below:
#   docker buildx imagetools inspect python:3.11-slim --format '{{.Manifest.Digest}}'
FROM python:3.11-slim@sha256:e41613d42d4891e4930f79523f93f81bbc7632584ec65e36ab055f41a800b41e
WORKDIR /srv
RUN apt-get update && apt-get install --yes --no-install-recommends fonts-noto-cjk && rm -rf /var/lib/apt/lists/*
# The data folder belongs to the user that the service runs as; what is written into a volume later keeps its owner.
RUN useradd --create-home --uid 10001 bot && mkdir /data && chown bot /data
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY aimodels ./aimodels
COPY bot ./bot
COPY adapters ./adapters
COPY sandbox ./sandbox
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
RUN pip install --no-cache-dir --no-deps --no-build-isolation '.[sandbox,film,provenance,postgres,patterns,otel,oidc,s3,office,links]'
# The service's user can't write here: without this each start would compile all modules.
RUN python -m compileall -q aimodels bot adapters sandbox
USER bot
# Tokens and keys are given when the container is started: --env-file .env
ENV BOT_DATA_DIR=/data BOT_HOST=0.0.0.0 BOT_PORT=8080
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ[\"BOT_PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
