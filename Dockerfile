FROM python:3.11-slim
WORKDIR /srv
RUN useradd --create-home --uid 10001 bot && mkdir /data && chown bot /data
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY aimodels ./aimodels
COPY bot ./bot
COPY adapters ./adapters
COPY sandbox ./sandbox
RUN pip install --no-cache-dir -c requirements.lock '.[sandbox,postgres]'
USER bot
ENV BOT_DATA_DIR=/data BOT_HOST=0.0.0.0 BOT_PORT=8080
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
