-- Requests that are made at set times.
CREATE TABLE schedules (
    adapter text NOT NULL,
    id text NOT NULL,
    workspace text NOT NULL,
    actor text NOT NULL,
    due double precision,                          -- the next time, seconds since 1970; NULL: paused
    schedule text NOT NULL,                          -- JSON of bot.ports.Schedule
    PRIMARY KEY (adapter, id)
);
CREATE INDEX schedules_due ON schedules (due) WHERE due IS NOT NULL;
CREATE INDEX schedules_of_actor ON schedules (adapter, actor);
CREATE INDEX schedules_of_workspace ON schedules (adapter, workspace);
