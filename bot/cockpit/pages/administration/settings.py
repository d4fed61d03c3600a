"""The settings that hold somewhere, where each comes from, and their change: from the registry that commands use."""

from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from bot.cockpit.page import Rights, Visit, act, page
from bot.cockpit.places.names import read_places
from bot.cockpit.places.settings_place import SettingsPlace, channels_of, find_place, read_menu
from bot.errors import UsageError
from bot.scoped_settings.changes import change_setting
from bot.scoped_settings.setting import ScopedSetting
from bot.sign_in.links import ROOT


@page("/settings", rights=Rights.ADMINISTRATOR, title="cockpit.menu.settings", order=40)
async def show_settings(visit: Visit) -> Response:
    """List the settings that hold in a place."""
    place = await find_place(visit, visit.request.query_params)
    if place is None:
        return visit.not_found("cockpit.settings.no_place")
    effective = await place.effective(visit)
    saved = visit.request.query_params.get("saved", "")
    rows = [
        (setting, effective.find(name))
        for name, setting in sorted(effective.registry.items())
        if name not in effective.lacking and place.scope in setting.scopes
    ]
    named = [(place.adapter, place.workspace, value.text) for setting, value in rows if setting.is_place]
    return visit.render(
        "settings.html",
        rows=rows,
        place=place,
        places=await read_places(visit, named),
        query=urlencode(place.query),
        menu_of_places=await read_menu(visit, place),
        saved=saved if saved in effective.registry else "",
    )


@page("/settings/{name}", rights=Rights.ADMINISTRATOR)
async def show_setting(visit: Visit) -> Response:
    """Show one setting with a form to change it."""
    place = await find_place(visit, visit.request.query_params)
    setting = None if place is None else _find(visit, place, visit.request.path_params["name"])
    if place is None or setting is None:
        return visit.not_found("cockpit.settings.unknown")
    return await _show(visit, place, setting)


@act("/settings", rights=Rights.ADMINISTRATOR)
async def set_setting(visit: Visit) -> Response:
    """Set a value, or clear it; what is wrong with one is shown beside it."""
    place = await find_place(visit, visit.form)
    if place is None:
        return visit.not_found("cockpit.settings.no_place")
    setting = _find(visit, place, visit.form.get("name", ""))
    if setting is None:
        return visit.not_found("cockpit.settings.unknown")
    clears = visit.form.get("act") == "clear"
    value = setting.normalize(visit.form.get("value", "").strip())
    effective = await place.effective(visit)
    problem = "" if clears else setting.error(value, visit.locale)
    present = effective.find(setting.name).text
    if setting.is_place and not clears and value not in await _channels(visit, place, present):
        problem = visit.translate("cockpit.settings.channel", name=setting.name)
    if not problem and not clears and setting.has_words:
        try:
            await visit.sources.check_words(place.event(visit), effective, value)
        except UsageError as exc:
            problem = str(exc)
    if problem:
        return await _show(visit, place, setting, given=visit.form.get("value", ""), problem=problem)
    await change_setting(effective, setting.name, None if clears else value, place.scope, place.audit(visit))
    query = urlencode({**place.query, "saved": setting.name})
    return RedirectResponse(f"{ROOT}/settings?{query}", status_code=303)


async def _show(
    visit: Visit, place: SettingsPlace, setting: ScopedSetting, *, given: str | None = None, problem: str = ""
) -> Response:
    value = (await place.effective(visit)).find(setting.name)
    channels = await _channels(visit, place, value.text) if setting.is_place else ()
    named = [(place.adapter, place.workspace, channel) for channel in (place.channel, *channels)]
    return visit.render(
        "setting.html",
        status=400 if problem else 200,
        setting=setting,
        place=place,
        places=await read_places(visit, named),
        channels=channels,
        value=value,
        given=value.text if given is None else given,
        problem=problem,
        query=urlencode(place.query),
    )


async def _channels(visit: Visit, place: SettingsPlace, present: str) -> Sequence[str]:
    """Return the channels that may be the value of a setting: the `present` one, and those of the workspace alone."""
    return list(dict.fromkeys([*filter(None, [present]), *await channels_of(visit, place)]))


def _find(visit: Visit, place: SettingsPlace, name: str) -> ScopedSetting | None:
    """Return a setting that can be set for a place; None: there is none of this name."""
    setting = visit.sources.scoped.offered(place.adapter).get(name)
    return setting if setting is not None and place.scope in setting.scopes else None
