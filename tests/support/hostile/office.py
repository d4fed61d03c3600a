"""Office files that are made to take gigabytes of memory."""


def huge(data: bytes) -> bytes:
    """The file, whose directory says that each part unpacks to 500 MB."""
    directory = data.index(b"PK\x01\x02")
    head, *entries = data[directory:].split(b"PK\x01\x02")
    forged = [entry[:20] + (500_000_000).to_bytes(4, "little") + entry[24:] for entry in entries]
    return data[:directory] + b"PK\x01\x02".join([head, *forged])
