CREATE FUNCTION public.turns_added() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO contexts (adapter, conversation, total)
    SELECT adapter, conversation, count(*) FROM added WHERE live GROUP BY adapter, conversation
    ORDER BY adapter, conversation
    ON CONFLICT (adapter, conversation) DO UPDATE SET total = contexts.total + excluded.total;
    -- What was asked before a reset is not history. The row of contexts, locked now, tells of every reset so far.
    UPDATE turns SET live = false FROM added, contexts
    WHERE turns.seq = added.seq AND turns.live AND contexts.adapter = turns.adapter
    AND contexts.conversation = turns.conversation AND contexts.reset >= turns.event_seq;
    RETURN NULL;
END $$;
CREATE FUNCTION public.turns_left() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE contexts SET total = total - gone.number
    FROM (SELECT adapter, conversation, count(*) AS number FROM removed WHERE live GROUP BY 1, 2) AS gone
    WHERE contexts.adapter = gone.adapter AND contexts.conversation = gone.conversation;
    RETURN NULL;
END $$;
CREATE TABLE public.allowances (
    person bigint NOT NULL,
    recent double precision[] DEFAULT '{}'::double precision[] NOT NULL,
    day bigint DEFAULT 0 NOT NULL,
    items bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.contexts (
    adapter text NOT NULL,
    conversation text NOT NULL,
    summary text DEFAULT ''::text NOT NULL,
    upto bigint DEFAULT 0 NOT NULL,
    reset bigint DEFAULT 0 NOT NULL,
    reset_turn bigint DEFAULT 0 NOT NULL,
    left_behind bigint DEFAULT 0 NOT NULL,
    total bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.events (
    seq bigint NOT NULL,
    adapter text NOT NULL,
    id text NOT NULL,
    conversation text NOT NULL,
    lane text NOT NULL,
    lane_key text,
    command text NOT NULL,
    actor text NOT NULL,
    channel text NOT NULL,
    again text NOT NULL,
    received_at double precision NOT NULL,
    ready_at double precision DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    ref text,
    event text,
    answer text,
    owner integer,
    done boolean DEFAULT false NOT NULL,
    forgotten boolean DEFAULT false NOT NULL,
    withdrawn boolean DEFAULT false NOT NULL,
    kind text DEFAULT ''::text NOT NULL,
    items integer DEFAULT 0 NOT NULL,
    CONSTRAINT events_lane_check CHECK ((lane = ANY (ARRAY['conversation'::text, 'own'::text, 'free'::text])))
);
ALTER TABLE public.events ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.events_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.feedback (
    event_seq bigint NOT NULL,
    actor text NOT NULL,
    is_good boolean NOT NULL,
    at double precision NOT NULL
);
CREATE SEQUENCE public.owners
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
    CYCLE;
CREATE TABLE public.people (
    adapter text NOT NULL,
    actor text NOT NULL,
    served bigint NOT NULL
);
CREATE TABLE public.schema_version (
    version integer NOT NULL
);
CREATE SEQUENCE public.served
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.settings (
    scope text NOT NULL,
    name text NOT NULL,
    value text NOT NULL
);
CREATE TABLE public.spent (
    day bigint NOT NULL,
    kind text NOT NULL,
    owner integer NOT NULL,
    cost double precision NOT NULL,
    price double precision NOT NULL
);
CREATE TABLE public.turns (
    seq bigint NOT NULL,
    event_seq bigint NOT NULL,
    n integer NOT NULL,
    adapter text NOT NULL,
    conversation text NOT NULL,
    data text NOT NULL,
    live boolean NOT NULL
);
ALTER TABLE public.turns ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.turns_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.usage (
    hour bigint NOT NULL,
    adapter text NOT NULL,
    actor text NOT NULL,
    channel text NOT NULL,
    kind text NOT NULL,
    model text NOT NULL,
    requests bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    items bigint NOT NULL,
    cost double precision NOT NULL
);
INSERT INTO public.allowances VALUES (-7740528084868600669, '{1795707194.522889,1795707194.530233}', 0, 0);
INSERT INTO public.contexts VALUES ('channel', 'T1.C1.1', 'They spoke  of foxes 雪.', 5, 0, 0, 0, 2);
INSERT INTO public.contexts VALUES ('channel', 'T1.C2.1', '', 0, 6, 11, 2, 2);
INSERT INTO public.contexts VALUES ('channel', 'T1.C3.1', '', 0, 0, 0, 0, 0);
INSERT INTO public.contexts VALUES ('channel', 'T1.C4.1', '', 0, 0, 0, 0, 2);
INSERT INTO public.contexts VALUES ('channel', 'T1.committed.1', '', 0, 0, 0, 0, 2);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (2, 'channel', 'full', 'T1.C1.1', 'conversation', '["channel", "T1.C1.1"]', 'chat', 'T1.U1', 'C1', 'first', 1782909015.25, 0, 1, '"ref of full"', '{"id": "full", "adapter": "channel", "conversation": "T1.C1.1", "actor": {"id": "T1.U1", "name": "Ann 雪", "locale": "zh-TW", "roles": ["R1", "R2"], "is_admin": true, "is_bot": false, "is_stranger": false}, "place": {"workspace": "T1", "channel": "C1", "thread": "1.0", "is_private": true}, "command": "chat", "prompt": "nul \u0000, surrogate �, quote \", backslash \\, 雪 🦊, \"place\": {}, \"asks\": []", "options": {"again": "yes", "place": "home", "asks": "", "n": "2"}, "attachments": [{"name": "a.txt", "content_type": "text/plain", "size": 4, "source": {"place": "file", "again": "x"}}, {"name": "b.bin", "content_type": "", "size": null, "source": {}}], "reply_to": {"event": "full", "place": "C1", "again": "1.0"}, "received_at": "2026-07-01T12:30:15.250000+00:00", "problem": "not understood", "again": "first", "continues": true}', '{"text":"answer to full","media":[],"actions":[{"name":"vary","label":"Vary","command":"image","prompt":"a fox","options":{"n":"1"},"asks":["prompt","size"],"is_danger":false},{"name":"delete","label":"Delete","command":"delete","prompt":"","options":{},"asks":[],"is_danger":true}],"private":false}', NULL, true, false, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (1, 'channel', 'first', 'T1.C1.1', 'conversation', '["channel", "T1.C1.1"]', 'chat', 'T1.U1', 'C1', '', 1782909015.25, 0, 1, '"ref of first"', '{"id":"first","adapter":"channel","conversation":"T1.C1.1","actor":{"id":"T1.U1","name":"Ann 雪","locale":"zh-TW","roles":["R1","R2"],"is_admin":true,"is_bot":false,"is_stranger":false},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"chat","prompt":"prompt of first","options":{},"attachments":[],"reply_to":{"event":"first","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":true}', '{"text":"answer to first","media":[],"actions":[],"private":false}', NULL, true, false, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (3, 'channel', 'drawn', 'T1.C1.1', 'conversation', '["channel", "T1.C1.1"]', 'image', 'T1.U1', 'C1', '', 1782909015.25, 0, 1, '"ref of drawn"', '{"id":"drawn","adapter":"channel","conversation":"T1.C1.1","actor":{"id":"T1.U1","name":"Ann 雪","locale":"zh-TW","roles":["R1","R2"],"is_admin":true,"is_bot":false,"is_stranger":false},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"image","prompt":"prompt of drawn","options":{},"attachments":[],"reply_to":{"event":"drawn","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":false}', '{"text":"answer to drawn","media":[{"name":"fox.png","content_type":"image/png","size":3,"path":"/spool/fox.png","url":"","source_url":"","description":"A fox","width":8,"height":null,"duration":null},{"name":"fox.mp4","content_type":"video/mp4","size":9,"path":null,"url":"https://x.test/fox","source_url":"u","description":"","width":null,"height":null,"duration":1.5}],"actions":[{"name":"vary","label":"Vary","command":"image","prompt":"a fox","options":{"n":"1"},"asks":["prompt","size"],"is_danger":false},{"name":"delete","label":"Delete","command":"delete","prompt":"","options":{},"asks":[],"is_danger":true}],"private":false}', NULL, true, false, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (4, 'channel', 'deleted', 'T1.C1.1', 'conversation', '["channel", "T1.C1.1"]', 'chat', 'T1.U2', 'C1', '', 1782909015.25, 0, 1, '"ref of deleted"', '{"id":"deleted","adapter":"channel","conversation":"T1.C1.1","actor":{"id":"T1.U2","name":"Bob","locale":"","roles":[],"is_admin":false,"is_bot":false,"is_stranger":true},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"chat","prompt":"prompt of deleted","options":{},"attachments":[],"reply_to":{"event":"deleted","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":false}', '{"text":"answer to deleted","media":[],"actions":[],"private":false}', NULL, true, false, true, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (5, 'channel', 'before', 'T1.C2.1', 'conversation', '["channel", "T1.C2.1"]', 'chat', 'T1.U1', 'C1', '', 1782909015.25, 0, 1, '"ref of before"', '{"id":"before","adapter":"channel","conversation":"T1.C2.1","actor":{"id":"T1.U1","name":"Ann 雪","locale":"zh-TW","roles":["R1","R2"],"is_admin":true,"is_bot":false,"is_stranger":false},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"chat","prompt":"prompt of before","options":{},"attachments":[],"reply_to":{"event":"before","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":false}', '{"text":"answer to before","media":[],"actions":[],"private":false}', NULL, true, false, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (6, 'channel', 'reset', 'T1.C2.1', 'conversation', '["channel", "T1.C2.1"]', 'reset', 'T1.U1', 'C1', '', 1782909015.25, 0, 0, NULL, '{"id":"reset","adapter":"channel","conversation":"T1.C2.1","actor":{"id":"T1.U1","name":"Ann 雪","locale":"zh-TW","roles":["R1","R2"],"is_admin":true,"is_bot":false,"is_stranger":false},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"reset","prompt":"prompt of reset","options":{},"attachments":[],"reply_to":{"event":"reset","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":false}', '{"text":"Done.","media":[],"actions":[],"private":false}', NULL, true, false, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (7, 'channel', 'after', 'T1.C2.1', 'conversation', '["channel", "T1.C2.1"]', 'chat', 'T1.U1', 'C1', '', 1782909015.25, 0, 1, '"ref of after"', '{"id":"after","adapter":"channel","conversation":"T1.C2.1","actor":{"id":"T1.U1","name":"Ann 雪","locale":"zh-TW","roles":["R1","R2"],"is_admin":true,"is_bot":false,"is_stranger":false},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"chat","prompt":"prompt of after","options":{},"attachments":[],"reply_to":{"event":"after","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":false}', '{"text":"answer to after","media":[],"actions":[],"private":false}', NULL, true, false, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (8, 'channel', 'forgotten', 'T1.C3.1', 'conversation', '["channel", "T1.C3.1"]', 'chat', '', 'C1', '', 1782909015.25, 0, 1, NULL, NULL, NULL, NULL, true, true, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (9, 'channel', 'undelivered', 'T1.C4.1', 'conversation', '["channel", "T1.C4.1"]', 'chat', 'T1.U1', 'C1', '', 1782909015.25, 0, 1, '"ref of undelivered"', '{"id":"undelivered","adapter":"channel","conversation":"T1.C4.1","actor":{"id":"T1.U1","name":"Ann 雪","locale":"zh-TW","roles":["R1","R2"],"is_admin":true,"is_bot":false,"is_stranger":false},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"chat","prompt":"prompt of undelivered","options":{},"attachments":[],"reply_to":{"event":"undelivered","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":false}', '{"text":"answer to undelivered","media":[],"actions":[{"name":"vary","label":"Vary","command":"image","prompt":"a fox","options":{"n":"1"},"asks":["prompt","size"],"is_danger":false},{"name":"delete","label":"Delete","command":"delete","prompt":"","options":{},"asks":[],"is_danger":true}],"private":false}', NULL, true, false, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (10, 'channel', 'press', 'T1.C1.1', 'own', '["channel", "T1.C1.1", "image", "T1.U1"]', 'image', 'T1.U1', 'C1', '', 1782909015.25, 0, 0, NULL, '{"id":"press","adapter":"channel","conversation":"T1.C1.1","actor":{"id":"T1.U1","name":"Ann 雪","locale":"zh-TW","roles":["R1","R2"],"is_admin":true,"is_bot":false,"is_stranger":false},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"image","prompt":"a fox","options":{"n":"1","size":"512x512"},"attachments":[],"reply_to":{"event":"press","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":false}', NULL, NULL, false, false, false, 'image', 1);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (11, 'channel', 'refused', 'T1.C1.1', 'free', NULL, 'chat', 'T1.U2', 'C1', '', 1782909015.25, 0, 0, NULL, '{"id":"refused","adapter":"channel","conversation":"T1.C1.1","actor":{"id":"T1.U2","name":"Bob","locale":"","roles":[],"is_admin":false,"is_bot":false,"is_stranger":true},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"chat","prompt":"prompt of refused","options":{},"attachments":[],"reply_to":{"event":"refused","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":false}', '{"text":"I only answer people of the workspace that installed me. Ask its administrators to let you in.","media":[],"actions":[],"private":true}', NULL, false, false, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (12, 'channel', 'problem', 'T1.C1.1', 'free', NULL, 'chat', 'T1.U1', 'C1', '', 1782909015.25, 0, 0, NULL, '{"id":"problem","adapter":"channel","conversation":"T1.C1.1","actor":{"id":"T1.U1","name":"Ann 雪","locale":"zh-TW","roles":["R1","R2"],"is_admin":true,"is_bot":false,"is_stranger":false},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"chat","prompt":"prompt of problem","options":{},"attachments":[],"reply_to":{"event":"problem","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"That is no number.","again":"","continues":false}', '{"text":"That is no number.","media":[],"actions":[],"private":true}', NULL, false, false, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (14, 'channel', 'running', 'T1.running.1', 'conversation', '["channel", "T1.running.1"]', 'chat', 'T1.U1', 'C1', '', 1782909015.25, 0, 1, '"ref of running"', '{"id":"running","adapter":"channel","conversation":"T1.running.1","actor":{"id":"T1.U1","name":"Ann 雪","locale":"zh-TW","roles":["R1","R2"],"is_admin":true,"is_bot":false,"is_stranger":false},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"chat","prompt":"prompt of running","options":{},"attachments":[],"reply_to":{"event":"running","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":false}', NULL, 1, false, false, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (13, 'channel', 'retried', 'T1.retried.1', 'conversation', '["channel", "T1.retried.1"]', 'chat', 'T1.U1', 'C1', '', 1782909015.25, 4102444800, 1, '"ref of retried"', '{"id":"retried","adapter":"channel","conversation":"T1.retried.1","actor":{"id":"T1.U1","name":"Ann 雪","locale":"zh-TW","roles":["R1","R2"],"is_admin":true,"is_bot":false,"is_stranger":false},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"chat","prompt":"prompt of retried","options":{},"attachments":[],"reply_to":{"event":"retried","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":false}', NULL, NULL, false, false, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (15, 'channel', 'committed', 'T1.committed.1', 'conversation', '["channel", "T1.committed.1"]', 'chat', 'T1.U1', 'C1', '', 1782909015.25, 0, 1, '"ref of committed"', '{"id":"committed","adapter":"channel","conversation":"T1.committed.1","actor":{"id":"T1.U1","name":"Ann 雪","locale":"zh-TW","roles":["R1","R2"],"is_admin":true,"is_bot":false,"is_stranger":false},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"chat","prompt":"prompt of committed","options":{},"attachments":[],"reply_to":{"event":"committed","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":false}', '{"text":"answer to committed","media":[],"actions":[{"name":"vary","label":"Vary","command":"image","prompt":"a fox","options":{"n":"1"},"asks":["prompt","size"],"is_danger":false},{"name":"delete","label":"Delete","command":"delete","prompt":"","options":{},"asks":[],"is_danger":true}],"private":false}', 1, false, false, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (16, 'channel', 'waiting', 'T1.C2.1', 'conversation', '["channel", "T1.C2.1"]', 'chat', 'T1.U1', 'C1', '', 1782909015.25, 0, 0, NULL, '{"id":"waiting","adapter":"channel","conversation":"T1.C2.1","actor":{"id":"T1.U1","name":"Ann 雪","locale":"zh-TW","roles":["R1","R2"],"is_admin":true,"is_bot":false,"is_stranger":false},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"chat","prompt":"prompt of waiting","options":{},"attachments":[{"name":"a.txt","content_type":"","size":null,"source":{"event":"waiting","name":"a.txt"}}],"reply_to":{"event":"waiting","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":false}', NULL, NULL, false, false, false, '', 0);
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (17, 'channel', 'also waiting', 'T1.C2.1', 'conversation', '["channel", "T1.C2.1"]', 'chat', 'T1.U1', 'C1', '', 1782909015.25, 0, 0, NULL, '{"id":"also waiting","adapter":"channel","conversation":"T1.C2.1","actor":{"id":"T1.U1","name":"Ann 雪","locale":"zh-TW","roles":["R1","R2"],"is_admin":true,"is_bot":false,"is_stranger":false},"place":{"workspace":"T1","channel":"C1","thread":"1.0","is_private":false},"command":"chat","prompt":"prompt of also waiting","options":{},"attachments":[],"reply_to":{"event":"also waiting","place":"C1","again":"1.0"},"received_at":"2026-07-01T12:30:15.250000Z","problem":"","again":"","continues":true}', NULL, NULL, false, false, false, '', 0);
INSERT INTO public.feedback VALUES (2, 'T1.U1', true, 1795707194.421179);
INSERT INTO public.feedback VALUES (2, 'T1.U2', false, 1795707194.422645);
INSERT INTO public.people VALUES ('channel', 'T1.U2', 4);
INSERT INTO public.people VALUES ('channel', 'T1.U1', 12);
INSERT INTO public.schema_version VALUES (1);
INSERT INTO public.schema_version VALUES (2);
INSERT INTO public.schema_version VALUES (3);
INSERT INTO public.settings VALUES ('undelivered:channel:undelivered', 'answer', 'kept');
INSERT INTO public.settings VALUES ('person:channel:T1.U1', 'language', 'zh-TW');
INSERT INTO public.settings VALUES ('person:channel:T1.U1', 'model.image', 'painter');
INSERT INTO public.settings VALUES ('"person:channel:odd\u0000:\ufffd"', 'language', 'en');
INSERT INTO public.settings VALUES ('channel:channel:C1', 'system_prompt', '"Be kind \u0000 \u96ea."');
INSERT INTO public.settings VALUES ('channel:channel:C1', 'model.chat', 'talker');
INSERT INTO public.settings VALUES ('conversation:channel:T1.C1.1', 'model.chat', 'thinker');
INSERT INTO public.settings VALUES ('conversation:channel:T1.C1.1', 'earlier', 'first
full');
INSERT INTO public.settings VALUES ('notes:slack.installation.T1', 'installation', 'gAAAAABrCFE6L0XluaVcIZNzIuQYf9kNNKAhyo-SYSfRzyK-GDonbtZU2LG6Xqosoui28G0oSCrlpn_jmVfSLdRJ8tgH1EOI4mAVI3BBNlW_9u_jZd954G0=');
INSERT INTO public.settings VALUES ('notes:slack.roots.T1.C1', '1.0', 'gAAAAABrCFE68yK03DE_4WIAJsTG6-H1uXZVfNvGYMGw-mnFXP4p_iChpgOkEpfQYpo6uh36_iL6KX6hzUE6oYD2oU2CpMMfJA==');
INSERT INTO public.settings VALUES ('notes:slack.states', 'a state', 'gAAAAABrCFE6tY5T_5jsGJFMSTW2tY_IFXwzzEMJl36KivI8B3_SUcD4qi7SBy8Wz4m_iitIsKlb5DS3Ym_pmOoK0TBS6fE24A==');
INSERT INTO public.settings VALUES ('notes:discord.waiting', '7', 'gAAAAABrCFE6jsZ1qq52Mjiqnc2gzqL9x13X1R5xQa5Ywa6cI5Gqq1qWsiI-G1DsDg8L75ojLrVK92qPyxotPOJlSAPe9zkXjg==');
INSERT INTO public.spent VALUES (20783, 'image', 1, 0.25, 0.125);
INSERT INTO public.spent VALUES (20783, 'chat', 1, 2, 0.25);
INSERT INTO public.turns OVERRIDING SYSTEM VALUE VALUES (6, 3, 1, 'channel', 'T1.C1.1', '{"role":"user","content":"prompt of drawn","speaker":"Ann 雪","actor":"T1.U1","event":"drawn","at":"2026-11-26T15:33:14.409494Z","seq":0}', true);
INSERT INTO public.turns OVERRIDING SYSTEM VALUE VALUES (7, 3, 2, 'channel', 'T1.C1.1', '{"role":"assistant","content":"answer to drawn","speaker":"","actor":"T1.U1","event":"drawn","at":"2026-11-26T15:33:14.409494Z","seq":0}', true);
INSERT INTO public.turns OVERRIDING SYSTEM VALUE VALUES (4, 2, 1, 'channel', 'T1.C1.1', '{"role":"user","content":"prompt of full","speaker":"Ann 雪","actor":"T1.U1","event":"full","at":"2026-11-26T15:33:14.399876Z","seq":0}', false);
INSERT INTO public.turns OVERRIDING SYSTEM VALUE VALUES (5, 2, 2, 'channel', 'T1.C1.1', '{"role":"assistant","content":"answer to full","speaker":"","actor":"T1.U1","event":"full","at":"2026-11-26T15:33:14.399876Z","seq":0}', false);
INSERT INTO public.turns OVERRIDING SYSTEM VALUE VALUES (10, 5, 1, 'channel', 'T1.C2.1', '{"role":"user","content":"prompt of before","speaker":"Ann 雪","actor":"T1.U1","event":"before","at":"2026-11-26T15:33:14.436442Z","seq":0}', false);
INSERT INTO public.turns OVERRIDING SYSTEM VALUE VALUES (11, 5, 2, 'channel', 'T1.C2.1', '{"role":"assistant","content":"answer to before","speaker":"","actor":"T1.U1","event":"before","at":"2026-11-26T15:33:14.436442Z","seq":0}', false);
INSERT INTO public.turns OVERRIDING SYSTEM VALUE VALUES (12, 7, 1, 'channel', 'T1.C2.1', '{"role":"user","content":"prompt of after","speaker":"Ann 雪","actor":"T1.U1","event":"after","at":"2026-11-26T15:33:14.451501Z","seq":0}', true);
INSERT INTO public.turns OVERRIDING SYSTEM VALUE VALUES (13, 7, 2, 'channel', 'T1.C2.1', '{"role":"assistant","content":"answer to after","speaker":"","actor":"T1.U1","event":"after","at":"2026-11-26T15:33:14.451501Z","seq":0}', true);
INSERT INTO public.turns OVERRIDING SYSTEM VALUE VALUES (16, 9, 1, 'channel', 'T1.C4.1', '{"role":"user","content":"prompt of undelivered","speaker":"Ann 雪","actor":"T1.U1","event":"undelivered","at":"2026-11-26T15:33:14.474506Z","seq":0}', true);
INSERT INTO public.turns OVERRIDING SYSTEM VALUE VALUES (17, 9, 2, 'channel', 'T1.C4.1', '{"role":"assistant","content":"answer to undelivered","speaker":"","actor":"T1.U1","event":"undelivered","at":"2026-11-26T15:33:14.474506Z","seq":0}', true);
INSERT INTO public.turns OVERRIDING SYSTEM VALUE VALUES (18, 15, 1, 'channel', 'T1.committed.1', '{"role":"user","content":"prompt of committed","speaker":"Ann 雪","actor":"T1.U1","event":"committed","at":"2026-11-26T15:33:14.546839Z","seq":0}', true);
INSERT INTO public.turns OVERRIDING SYSTEM VALUE VALUES (19, 15, 2, 'channel', 'T1.committed.1', '{"role":"assistant","content":"answer to committed","speaker":"","actor":"T1.U1","event":"committed","at":"2026-11-26T15:33:14.546839Z","seq":0}', true);
INSERT INTO public.usage VALUES (498807, 'channel', 'T1.U1', 'C1', 'image', 'm', 1, 7, 11, 2, 0.25);
INSERT INTO public.usage VALUES (498807, 'channel', 'T1.U2', 'C1', 'chat', 'm', 1, 7, 11, 0, 0.25);
INSERT INTO public.usage VALUES (498807, 'channel', '', 'C1', 'chat', 'm', 1, 7, 11, 0, 0.25);
INSERT INTO public.usage VALUES (498807, 'channel', 'T1.U1', 'C1', 'chat', 'm', 6, 42, 66, 0, 1.5);
SELECT pg_catalog.setval('public.events_seq_seq', 17, true);
SELECT pg_catalog.setval('public.owners', 1, true);
SELECT pg_catalog.setval('public.served', 12, true);
SELECT pg_catalog.setval('public.turns_seq_seq', 19, true);
ALTER TABLE ONLY public.allowances
    ADD CONSTRAINT allowances_pkey PRIMARY KEY (person);
ALTER TABLE ONLY public.contexts
    ADD CONSTRAINT contexts_pkey PRIMARY KEY (adapter, conversation);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_adapter_id_key UNIQUE (adapter, id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT feedback_pkey PRIMARY KEY (event_seq, actor);
ALTER TABLE ONLY public.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (adapter, actor);
ALTER TABLE ONLY public.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (scope, name);
ALTER TABLE ONLY public.spent
    ADD CONSTRAINT spent_pkey PRIMARY KEY (day, kind, owner);
ALTER TABLE ONLY public.turns
    ADD CONSTRAINT turns_event_seq_n_key UNIQUE (event_seq, n);
ALTER TABLE ONLY public.turns
    ADD CONSTRAINT turns_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.usage
    ADD CONSTRAINT usage_pkey PRIMARY KEY (hour, adapter, actor, channel, kind, model);
CREATE INDEX events_again ON public.events USING btree (adapter, again) WHERE (again <> ''::text);
CREATE INDEX events_finished ON public.events USING btree (received_at) WHERE done;
CREATE INDEX events_in_lane ON public.events USING btree (lane_key, seq) WHERE (NOT done);
CREATE INDEX events_of_actor ON public.events USING btree (adapter, actor, seq) WHERE (actor <> ''::text);
CREATE INDEX events_of_conversation ON public.events USING btree (adapter, conversation, seq);
CREATE UNIQUE INDEX events_running ON public.events USING btree (lane_key) WHERE ((owner IS NOT NULL) AND (NOT done));
CREATE INDEX feedback_of_actor ON public.feedback USING btree (actor);
CREATE INDEX turns_live ON public.turns USING btree (adapter, conversation, seq) WHERE live;
CREATE INDEX turns_of_conversation ON public.turns USING btree (adapter, conversation, seq);
CREATE INDEX usage_of_actor ON public.usage USING btree (adapter, actor, hour);
CREATE TRIGGER turns_added AFTER INSERT ON public.turns REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.turns_added();
CREATE TRIGGER turns_left AFTER UPDATE ON public.turns REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION public.turns_left();
CREATE TRIGGER turns_removed AFTER DELETE ON public.turns REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION public.turns_left();
ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT feedback_event_seq_fkey FOREIGN KEY (event_seq) REFERENCES public.events(seq) ON DELETE CASCADE;
ALTER TABLE ONLY public.turns
    ADD CONSTRAINT turns_event_seq_fkey FOREIGN KEY (event_seq) REFERENCES public.events(seq) ON DELETE CASCADE;
