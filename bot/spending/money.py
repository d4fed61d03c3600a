"""Amounts of money, in the API's currency, as people read them."""

from bot.limits import MICROS


def money(micros: int) -> str:
    """Return an exact amount, such as a price: two digits after the point, or as many as it has."""
    text = f"{micros / MICROS:.6f}".rstrip("0")
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest.ljust(2, '0')}"


def exact_money(amount: float) -> str:
    """Return what something has cost, written as its price."""
    return money(round(amount * MICROS))


def rounded_money(amount: float) -> str:
    """Return a sum as tables show it: two digits after the point; below 1 up to four, and all that a tiny one has."""
    return f"{amount:,.2f}" if amount >= 1 else money(round(round(amount, 4) * MICROS) or round(amount * MICROS))


def money_in_cents(micros: int) -> str:
    """Return an amount to the cent; a smaller one as it is."""
    return money(round(micros, -4) or micros)
