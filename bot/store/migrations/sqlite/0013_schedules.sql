-- Requests that are made at set times.
CREATE TABLE schedules (
    adapter TEXT NOT NULL,
    id TEXT NOT NULL,
    workspace TEXT NOT NULL,
    actor TEXT NOT NULL,
    due REAL,                          -- the next time, seconds since 1970; NULL: paused
    schedule TEXT NOT NULL,                          -- JSON of bot.ports.Schedule
    PRIMARY KEY (adapter, id)
) STRICT;
CREATE INDEX schedules_due ON schedules (due) WHERE due IS NOT NULL;
CREATE INDEX schedules_of_actor ON schedules (adapter, actor);
CREATE INDEX schedules_of_workspace ON schedules (adapter, workspace);
