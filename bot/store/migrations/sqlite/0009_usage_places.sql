-- Where something was used, and the roles that the person had, a line each.
ALTER TABLE usage ADD COLUMN workspace TEXT NOT NULL DEFAULT '';
ALTER TABLE usage ADD COLUMN roles TEXT NOT NULL DEFAULT '';

-- A channel is in one workspace: what events of it tell holds for its usage.
UPDATE usage SET workspace = known.workspace FROM (
    SELECT adapter, channel, max(event->>'$.location.workspace') AS workspace FROM events
    WHERE event IS NOT NULL AND channel <> '' GROUP BY adapter, channel) AS known
WHERE usage.adapter = known.adapter AND usage.channel = known.channel AND known.workspace IS NOT NULL;
