-- Limits are measured in requests, tokens, pictures, seconds and money, of people, channels and workspaces. Money is
-- counted in micros, millionths of the API's currency, as whole numbers.
ALTER TABLE events ADD COLUMN workspace TEXT NOT NULL DEFAULT '';
ALTER TABLE reservations ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reservations ADD COLUMN milliseconds INTEGER NOT NULL DEFAULT 0;  -- of sound or video
ALTER TABLE reservations ADD COLUMN micros INTEGER DEFAULT 0;                 -- NULL: the price is not known

ALTER TABLE usage RENAME TO usage_before;
CREATE TABLE usage (
    hour INTEGER NOT NULL,                      -- hours since 1970
    adapter TEXT NOT NULL,
    actor TEXT NOT NULL,                        -- '' for those who asked to be forgotten
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    model TEXT NOT NULL,
    requests INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    items INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL,
    micros INTEGER NOT NULL,
    price INTEGER NOT NULL,                     -- the dearest of one item or request, in micros
    workspace TEXT NOT NULL DEFAULT '',
    roles TEXT NOT NULL DEFAULT '',             -- that the person had, a line each
    PRIMARY KEY (hour, adapter, actor, channel, kind, model)
) STRICT, WITHOUT ROWID;
INSERT INTO usage
SELECT hour, adapter, actor, channel, kind, model, requests, prompt_tokens, completion_tokens, items, 0,
    CAST(round(cost * 1000000) AS INTEGER), CAST(round(price * 1000000 + 0.499) AS INTEGER), workspace, roles
FROM usage_before;
DROP TABLE usage_before;

-- What people who were forgotten have used, who are only numbers here: it counts until the end of the month.
CREATE TABLE carried (
    person INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    workspace TEXT NOT NULL,
    kind TEXT NOT NULL,
    requests INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    items INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL,
    micros INTEGER NOT NULL,
    PRIMARY KEY (person, hour, workspace, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO carried SELECT person, day * 24, '', 'image', 0, 0, 0, items, 0, 0 FROM allowances WHERE items > 0;
DROP TABLE allowances;
CREATE INDEX usage_of_actor ON usage (adapter, actor, hour) WHERE actor <> '';
CREATE INDEX usage_of_channel ON usage (adapter, channel, hour);
