"""Content credentials (C2PA) of a file, written or read. Runs in a child process."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

from bot.isolation.child import Unparsable

#: Label of the assertion with the service's own record.
LABEL = "org.channelmuse.record"
_MADE_BY_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
#: Nothing is fetched, whatever address a file names, and no other authority is trusted.
_SETTINGS: dict[str, Any] = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True, "verify_after_sign": False},
    "builder": {"thumbnail": {"enabled": False}},
}
#: What is said of every file that another authority has signed.
_UNTRUSTED = "signingCredential.untrusted"


def sign(data: bytes, *, source: str, target: str, content_type: str) -> tuple[str, bytes]:
    """Write `source` with credentials to `target`. The data is JSON: `record`, and `chain` and `key` of the signer."""
    import c2pa

    task: dict[str, str] = json.loads(data)
    manifest = {
        "claim_generator_info": [{"name": "channelmuse"}],
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": _MADE_BY_MODEL}]},
            },
            {"label": LABEL, "data": {"record": task["record"]}},
        ],
    }
    info = c2pa.C2paSignerInfo(
        alg=c2pa.C2paSigningAlg.ES256, sign_cert=task["chain"].encode(), private_key=task["key"].encode(), ta_url=None
    )
    context = c2pa.Context(c2pa.Settings.from_dict(_SETTINGS))
    builder = c2pa.Builder(json.dumps(manifest), context)
    with Path(source).open("rb") as old, Path(target).open("w+b") as new:
        builder.sign(c2pa.Signer.from_info(info), content_type, old, new)
    return "done", b""


def read(data: bytes, *, content_type: str, authority: str, source: str = "") -> tuple[str, bytes]:
    """Return the state of a file's credentials, and the service's record in them.

    "none", "foreign" (of another authority, whatever they say), "broken" (signed for another content) or "own".
    `authority`: the certificate in PEM that the service's signers have theirs from. `source`: path of the file; "": it
    is the data.
    """
    import c2pa

    trusted = {**_SETTINGS, "trust": {"trust_anchors": authority}}
    try:
        context = c2pa.Context(c2pa.Settings.from_dict(trusted))
        with Path(source).open("rb") if source else BytesIO(data) as file:
            found = json.loads(c2pa.Reader(content_type, file, context=context).json())
    except c2pa.C2paError.ManifestNotFound:
        return "none", b""
    except c2pa.C2paError as exc:
        raise Unparsable("damaged") from exc
    manifest = found["manifests"][found["active_manifest"]]
    records = [each["data"].get("record") for each in manifest.get("assertions", ()) if each.get("label") == LABEL]
    codes = {status.get("code") for status in found.get("validation_status", ())}
    if _UNTRUSTED in codes or not records or not isinstance(records[0], str):
        return "foreign", b""
    state = "own" if found.get("validation_state") == "Trusted" and not codes else "broken"
    return state, records[0].encode()
