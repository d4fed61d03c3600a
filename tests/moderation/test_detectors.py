"""Detection of secrets and personal data: what is found, and what is not."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.moderation.detectors import find_private, has_valid_iban_checksum, has_valid_luhn_checksum
from bot.moderation.redaction import merge

AWS_KEY = "AKIA{}".format("IOSFODNN7EXAMPLE")  # in parts, as no file may look as if it had a secret


def found(text: str) -> dict[str, str]:
    """Return the label of each private part of a text."""
    return {text[finding.start : finding.end]: finding.label for finding in merge(find_private(text))}


@pytest.mark.parametrize(
    ("text", "private", "label"),
    [
        ("write to ann.lee+x@mail.example.co.uk.", "ann.lee+x@mail.example.co.uk", "EMAIL"),
        ("我的信箱是a@b.com謝謝", "a@b.com", "EMAIL"),
        ("call 0912-345-678 today", "0912-345-678", "PHONE"),
        ("電話（02）2345-6789", "（02）2345-6789", "PHONE"),
        ("０９１２－３４５－６７８", "０９１２－３４５－６７８", "PHONE"),
        ("電話0912345678謝謝", "0912345678", "PHONE"),
        ("+886 912 345 678", "+886 912 345 678", "PHONE"),
        ("or 555-123-4567", "555-123-4567", "PHONE"),
        ("打 13812345678 1024x768", "13812345678", "PHONE"),
        ("card 4111 1111 1111 1111!", "4111 1111 1111 1111", "CARD"),
        ("3782-822463-10005", "3782-822463-10005", "CARD"),
        ("رقم ٤١١١ ١١١١ ١١١١ ١١١١", "٤١١١ ١١١١ ١١١١ ١١١١", "CARD"),
        ("> 5500 0000\n> 0000 0004", "5500 0000\n> 0000 0004", "CARD"),
        ("scan_4111111111111111.pdf", "4111111111111111", "CARD"),
        ("DE89 3704 0044\r\n 0532 0130 00", "DE89 3704 0044\r\n 0532 0130 00", "IBAN"),
        ("an josé@exämple.de!", "josé@exämple.de", "EMAIL"),
        ("my_ghp_abcdefghij1234567890.txt", "ghp_abcdefghij1234567890", "SECRET"),
        (f"old-{AWS_KEY}.csv", AWS_KEY, "SECRET"),
        ("DE89 3704 0044 0532 0130 00 is mine", "DE89 3704 0044 0532 0130 00", "IBAN"),
        ("GB82WEST12345698765432", "GB82WEST12345698765432", "IBAN"),
        ("key sk-proj-abcdefghijklmnop123", "sk-proj-abcdefghijklmnop123", "SECRET"),
        (f"use {AWS_KEY}", AWS_KEY, "SECRET"),
        ("password: hunter2hunter", "hunter2hunter", "SECRET"),
        ('api_key="abcd1234efgh"', "abcd1234efgh", "SECRET"),
        ("https://ada:hunter2@host/x", "hunter2", "SECRET"),
        ("Authorization: Bearer abcdefghijklmnopqrst", "abcdefghijklmnopqrst", "SECRET"),
        ("aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF", "SECRET"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n", "-----BEGIN RSA PRIVATE KEY-----\nabc\n", "SECRET"),
    ],
)
def test_what_is_private(text: str, private: str, label: str) -> None:
    """One thing of each kind is found from its first to its last character."""
    assert found(text) == {private: label}


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-26 20:55, 2024/01/15, 12:30-14:00",
        "https://host:8080/@ann and redis://name:${PASSWORD}@host",
        "192.168.100.100 and 10.0.0.1:8080",
        "1.2.3, name@1.2.3 and 0.123456789",
        "550e8400-e29b-41d4-a716-446655440000",
        "d670460b4b4aece5915caf5c68d12f560a9fe3e4",
        "<@612345678901234567> in <#112233445566778899>",
        "1700000000000 ms, 1024x1024, 0000000000",
        "ISBN 978-3-16-148410-0",
        "1 2 3 4 5 6 7 8 9 10 11 12",
        "token = get_token2(), password = input('password2: ')",
        "4111 1111 1111 1112",
        "DE89 3704 0044 1532 0130 01",
        "2019\n2020\n2021\n2022\n4111\n1111\n1111\n1112",
        "a_long_name_of_a_function_in_python_3",
    ],
)
def test_what_is_not(text: str) -> None:
    """Dates, addresses of machines, ids, hashes, code and numbers with a wrong checksum stay."""
    assert found(text) == {}


@given(st.text(string.digits, min_size=12, max_size=18))
def test_checksums_find_a_wrong_digit(digits: str) -> None:
    """Of the ten check digits exactly one fits (Luhn), and of the 97 of a bank account one (mod 97)."""
    assert [has_valid_luhn_checksum(f"{digits}{last}") for last in range(10)].count(True) == 1
    assert [has_valid_iban_checksum(f"DE{check:02}{digits}") for check in range(2, 99)].count(True) == 1
