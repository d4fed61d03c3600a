"""`apikey`: a workspace brings its own API key, and an API of its own."""

from typing import cast

from aimodels.errors import ApiError, AuthenticationFailed, ConfigurationError, NotPermitted
from aimodels.responses import Flavor
from bot.calls.api_sentences import clean_sentence
from bot.calls.workspace_apis import OwnApi
from bot.commands._base import Context, Parts, command
from bot.errors import NotAllowed, UsageError
from bot.models import Action, Actions, CommandSpec, Lane, Option, Text
from bot.scoped_settings.scopes import Scope


@command(
    CommandSpec(
        name="apikey",
        description="Let this workspace use its own key for the AI API; for administrators.",
        options=(
            Option(
                name="key", description="The API key; it is checked, kept encrypted and never shown", is_secret=True
            ),
            Option(name="url", description="Address of the API with its version; left out: the service's own"),
            Option(
                name="flavor",
                description="Form of the API's answers",
                kind="choice",
                choices=("aimodels", "openai"),
            ),
            Option.switch("remove", "Use the service's own API again"),
        ),
        lane=Lane.FREE,
        private=True,
        is_for_administrators=True,
        example="apikey --remove",
    )
)
async def apikey(ctx: Context) -> Parts:
    """Show what is used, or change it."""
    if not ctx.event.location.workspace or not ctx.is_administrator(Scope.WORKSPACE):
        raise NotAllowed(ctx.translate("own_api.not_allowed"))
    if ctx.is_on("remove"):
        before = await ctx.workspace_apis.find(ctx.event)
        key = "own_api.removed" if await ctx.workspace_apis.remove(ctx.event) else "own_api.none"
        if key == "own_api.removed":
            await ctx.audit("own_api.remove", scope="workspace", before=before.url if before else None)
        yield Text(ctx.translate(key))
        return
    sealed = ctx.option("key")
    if sealed:
        url = await _keep(ctx, ctx.workspace_apis.unseal(sealed) or "")
        yield Text(ctx.translate("own_api.kept", url=url))
        return
    found = await ctx.workspace_apis.find(ctx.event)
    yield Text(ctx.translate("own_api.used", url=found.url) if found else ctx.translate("own_api.none"))
    bring = Action(
        name="bring",
        label=ctx.translate("own_api.bring"),
        command=ctx.spec.name,
        prompts_for=("key", "url", "flavor"),
    )
    remove = Action(
        name="remove",
        label=ctx.translate("own_api.remove"),
        command=ctx.spec.name,
        options={"remove": "yes"},
        is_danger=True,
    )
    yield Actions((bring, remove) if found else (bring,))


async def _keep(ctx: Context, key: str) -> str:
    """Check an API and keep it; return its address. Raises `UsageError`."""
    url = ctx.option("url").strip().rstrip("/") or ctx.workspace_apis.service_url
    if not ctx.workspace_apis.allows(url):
        origins = ctx.join_list(f"`{origin}`" for origin in ctx.settings.bot_workspace_api_origins)
        raise UsageError(ctx.translate("own_api.address", origins=origins or "–"))
    api = OwnApi(url, key.strip(), cast(Flavor, ctx.option("flavor") or ctx.settings.aimodels_api_flavor))
    before = await ctx.workspace_apis.find(ctx.event)
    try:
        await ctx.workspace_apis.verify(api, ctx.effective.model("chat"))
    except (AuthenticationFailed, NotPermitted, ConfigurationError) as exc:
        raise UsageError(ctx.translate("own_api.refused")) from exc
    except ApiError as exc:
        raise UsageError(ctx.translate("own_api.failed", reason=clean_sentence(exc.message) or "–")) from exc
    await ctx.workspace_apis.keep(ctx.event, api)
    await ctx.audit("own_api.set", scope="workspace", before=before.url if before else None, after=url)
    return url
