"""Forms with a file, as `multipart/form-data`. Pure."""

from email.parser import BytesParser
from email.policy import HTTP

from sandbox.errors import Refusal


def read_form(content_type: str, body: bytes) -> dict[str, bytes]:
    """Return the content of each field. Raises `Refusal` for what is no form."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    form = BytesParser(policy=HTTP).parsebytes(head + body)
    if not form.is_multipart():
        raise Refusal(400, "the body must be a form: multipart/form-data with a boundary")
    fields = {}
    for part in form.iter_parts():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields[name] = content
    return fields
