"""Storage of the files of answers: a folder, or an S3-compatible object store (extra `s3`)."""
