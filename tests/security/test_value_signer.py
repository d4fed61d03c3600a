"""Signatures of the values of buttons and forms."""

from pydantic import SecretStr

from bot.security.value_signer import HmacSigner, derive_key

KEY = derive_key(SecretStr("one of the secrets that all processes have"))


def test_a_signature_is_of_one_value_in_one_place() -> None:
    """Another value, place or key has another signature; the same ones have the same in every process."""
    here = HmacSigner(KEY, ("slack", "T1", "C1"))
    signature = here.sign("again 17")
    assert HmacSigner(derive_key(SecretStr("one of the secrets that all processes have")), here.place).verify(
        "again 17", signature
    )
    assert len(signature) == 11
    assert not here.verify("again 18", signature)
    for place in (("slack", "T1", "C2"), ("slack", "T2", "C1"), ("slack", "T1C1"), ("slack", "T1", "C1", "")):
        assert not HmacSigner(KEY, place).verify("again 17", signature)
    assert not HmacSigner(derive_key(SecretStr("another secret")), here.place).verify("again 17", signature)
    for junk in ("", "\udc80", "雪" * 11, signature[:-1], f"{signature}="):
        assert not here.verify("again 17", junk)


def test_what_is_for_one_person_is_for_no_other() -> None:
    """A person may use what is for everybody and what is for them."""
    place = ("discord", "17")
    everybody, ada, bob = (HmacSigner(KEY, place, person) for person in ("", "ada", "bob"))
    assert ada.verify("x", ada.sign("x"))
    assert ada.verify("x", everybody.sign("x"))
    assert not bob.verify("x", ada.sign("x"))
    assert not everybody.verify("x", ada.sign("x"))
