"""The fields of the page's requests, which any program on this machine may send in another form."""

from typing import Any

from simulators.play.errors import PlayError


def not_of_the_page() -> PlayError:
    """The error of a request that the page does not send."""
    return PlayError("This is no request of the page.")


def read_list(body: Any, name: str) -> list[Any]:
    """Return a list of a request's field; one that is left out is empty. Raises `PlayError`."""
    return list(_read(body, name, list, ()))


def read_object(body: Any, name: str) -> dict[str, Any]:
    """Return an object of a request's field; one that is left out is empty. Raises `PlayError`."""
    return dict(_read(body, name, dict, {}))


def _read(body: Any, name: str, kind: type, default: Any) -> Any:
    found = body.get(name)
    if found is not None and not isinstance(found, kind):
        raise not_of_the_page()
    return found or default
