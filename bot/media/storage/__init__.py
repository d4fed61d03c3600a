"""Where the files of answers are kept: a folder, or an S3-compatible object store (extra `s3`)."""
