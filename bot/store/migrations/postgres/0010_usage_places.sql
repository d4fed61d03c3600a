-- Where something was used, and the roles that the person had, a line each.
ALTER TABLE usage ADD COLUMN workspace text NOT NULL DEFAULT '';
ALTER TABLE usage ADD COLUMN roles text NOT NULL DEFAULT '';

-- A channel is in one workspace: what events of it tell holds for its usage. No JSON function: they fail on NUL.
UPDATE usage SET workspace = known.workspace FROM (
    SELECT adapter, channel, max(substring(event FROM '"workspace": ?"([^"\\]+)"')) AS workspace FROM events
    WHERE event IS NOT NULL AND channel <> '' GROUP BY adapter, channel) AS known
WHERE usage.adapter = known.adapter AND usage.channel = known.channel AND known.workspace IS NOT NULL;
