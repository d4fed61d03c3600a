"""Connections that a simulator breaks."""

from aiohttp import web


def cut(request: web.Request) -> web.Response:
    """Break a request's connection; the response that is returned does not arrive."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
