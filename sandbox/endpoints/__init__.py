"""Endpoints that generate media: each module is one, found by `media_endpoints`."""

import importlib
import pkgutil
from typing import Any, get_args

from aimodels.reference import Kind
from sandbox.endpoints._base import MediaEndpoint, MediaTools

__all__ = ["MediaEndpoint", "MediaTools", "media_endpoints"]


def media_endpoints() -> list[MediaEndpoint[Any]]:
    """The `ENDPOINT` of every module of this package, in the reference's order of kinds."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    found = [importlib.import_module(f"{__name__}.{name}").ENDPOINT for name in names]
    return sorted(found, key=lambda endpoint: get_args(Kind).index(endpoint.kind))
