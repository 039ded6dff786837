-- Generated from the migrations by `npm run golden`. Do not edit; change a migration instead.

create schema base;

create table base.answer (
  book_id integer not null,
  key_hash bytea not null,
  request_hash bytea not null,
  org_id integer not null,
  status integer not null,
  body jsonb not null,
  at timestamp with time zone not null,
  constraint answer_pkey PRIMARY KEY (book_id, key_hash),
  constraint answer_key_hash_check CHECK ((length(key_hash) = 32)),
  constraint answer_request_hash_check CHECK ((length(request_hash) = 32))
);

create table base.due (
  book_id integer not null,
  kind text not null,
  key text not null,
  org_id integer not null,
  due_at timestamp with time zone not null,
  payload jsonb not null,
  attempts integer default 0 not null,
  tries integer default 0 not null,
  last_error text,
  dead_at timestamp with time zone,
  constraint due_pkey PRIMARY KEY (book_id, kind, key)
);
CREATE INDEX due_by_time ON base.due USING btree (book_id, due_at) WHERE (dead_at IS NULL);
CREATE INDEX due_dead ON base.due USING btree (book_id, dead_at) WHERE (dead_at IS NOT NULL);

create table base.migration (
  id integer default nextval('base.migration_id_seq'::regclass) not null,
  name character varying(255) not null,
  run_on timestamp without time zone not null,
  constraint migration_pkey PRIMARY KEY (id),
  constraint migration_name_key UNIQUE (name)
);

create table base.migration_checksum (
  name character varying(255) not null,
  sha256 text not null,
  constraint migration_checksum_pkey PRIMARY KEY (name)
);

create table base.outbox (
  book_id integer not null,
  seq bigint not null,
  n integer not null,
  org_id integer not null,
  kind text not null,
  aggregate text not null,
  payload jsonb not null,
  at timestamp with time zone not null,
  constraint outbox_pkey PRIMARY KEY (book_id, seq, n)
);

create table base.outbox_cursor (
  book_id integer not null,
  subscriber text not null,
  seq bigint not null,
  n integer not null,
  constraint outbox_cursor_pkey PRIMARY KEY (book_id, subscriber)
);

create table base.outbox_held (
  book_id integer not null,
  subscriber text not null,
  seq bigint not null,
  n integer not null,
  aggregate text not null,
  tries integer not null,
  next_at timestamp with time zone not null,
  last_error text,
  parked_at timestamp with time zone,
  constraint outbox_held_pkey PRIMARY KEY (book_id, subscriber, seq, n)
);
CREATE INDEX outbox_held_by_aggregate ON base.outbox_held USING btree (book_id, subscriber, aggregate, seq, n);

create table base.personal_key (
  key_id text not null,
  fingerprint text not null,
  first_used_at timestamp with time zone not null,
  constraint personal_key_pkey PRIMARY KEY (key_id)
);

create schema channels;

create table channels.inbound (
  book_id integer not null,
  org_id integer not null,
  channel text not null,
  flow text not null,
  sub_account text not null,
  amount bigint not null,
  kind text not null,
  state text not null,
  told_by text not null,
  payer_name text,
  payer_account text,
  memo text not null,
  business_date character(8) not null,
  return_of text not null,
  recorded_at timestamp with time zone not null,
  constraint inbound_pkey PRIMARY KEY (book_id, channel, flow),
  constraint inbound_amount_check CHECK ((amount > 0)),
  constraint inbound_kind_check CHECK ((kind = ANY (ARRAY['credited'::text, 'suspense'::text, 'returned'::text]))),
  constraint inbound_state_check CHECK ((state = ANY (ARRAY['held'::text, 'booked'::text]))),
  constraint inbound_told_by_check CHECK ((told_by = ANY (ARRAY['notice'::text, 'list'::text, 'file'::text])))
);
CREATE INDEX inbound_date ON channels.inbound USING btree (book_id, channel, business_date);

create table channels.instruction (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  channel text not null,
  operation text not null,
  reference text not null,
  owner text not null,
  step uuid not null,
  amount bigint not null,
  state text not null,
  sends integer default 0 not null,
  valid_until timestamp with time zone not null,
  send_before timestamp with time zone,
  not_found integer default 0 not null,
  not_found_at timestamp with time zone,
  code text default ''::text not null,
  message text default ''::text not null,
  bank_reference text default ''::text not null,
  intended_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint instruction_pkey PRIMARY KEY (book_id, id),
  constraint instruction_amount_check CHECK ((amount >= 0)),
  constraint instruction_operation_check CHECK ((operation = ANY (ARRAY['open_sub_account'::text, 'bind_account'::text, 'freeze'::text, 'unfreeze'::text, 'pay'::text, 'withdraw'::text]))),
  constraint instruction_reference_check CHECK ((length(reference) = 22)),
  constraint instruction_state_check CHECK ((state = ANY (ARRAY['intended'::text, 'sending'::text, 'accepted'::text, 'unknown'::text, 'succeeded'::text, 'failed'::text])))
);
CREATE INDEX instruction_open ON channels.instruction USING btree (book_id, intended_at) WHERE (state <> ALL (ARRAY['succeeded'::text, 'failed'::text]));
CREATE INDEX instruction_owner ON channels.instruction USING btree (book_id, owner);
CREATE UNIQUE INDEX instruction_reference ON channels.instruction USING btree (book_id, reference);

create schema custody;

create table custody.account (
  book_id integer not null,
  org_id integer not null,
  case_id uuid not null,
  name text not null,
  role text not null,
  purpose text not null,
  ledger_account uuid not null,
  constraint account_pkey PRIMARY KEY (book_id, case_id, name),
  constraint account_purpose_check CHECK ((purpose = ANY (ARRAY['received'::text, 'guarantee'::text, 'payable'::text]))),
  constraint account_book_id_case_id_fkey FOREIGN KEY (book_id, case_id) REFERENCES custody."case"(book_id, id) DEFERRABLE INITIALLY DEFERRED
);

create table custody."case" (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  deal text not null,
  scheme jsonb not null,
  scheme_hash text not null,
  amounts jsonb not null,
  state text not null,
  facts jsonb not null,
  version integer not null,
  opened_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint case_pkey PRIMARY KEY (book_id, id),
  constraint case_state_check CHECK ((state = ANY (ARRAY['opening'::text, 'running'::text, 'returning'::text, 'returned'::text, 'completed'::text])))
);
CREATE UNIQUE INDEX case_deal ON custody."case" USING btree (book_id, org_id, deal);

create table custody.milestone (
  book_id integer not null,
  org_id integer not null,
  case_id uuid not null,
  "position" integer not null,
  name text not null,
  state text not null,
  deadline_at timestamp with time zone,
  ended_at timestamp with time zone,
  constraint milestone_pkey PRIMARY KEY (book_id, case_id, name),
  constraint milestone_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'moving'::text, 'reached'::text, 'lapsing'::text, 'lapsed'::text, 'stopped'::text]))),
  constraint milestone_book_id_case_id_fkey FOREIGN KEY (book_id, case_id) REFERENCES custody."case"(book_id, id) DEFERRABLE INITIALLY DEFERRED
);

create table custody.open_item (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  kind text not null,
  amount bigint not null,
  side text not null,
  reference text not null,
  case_ref text not null,
  step text not null,
  detail text not null,
  owner text not null,
  deadline_at timestamp with time zone not null,
  state text not null,
  opened_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  constraint open_item_pkey PRIMARY KEY (book_id, id),
  constraint open_item_kind_check CHECK ((kind = ANY (ARRAY['under_paid'::text, 'over_paid'::text, 'unexpected_inbound'::text, 'suspense_inbound'::text, 'inbound_told_differently'::text, 'instruction_refused'::text, 'payout_failed'::text, 'payout_returned'::text, 'outcome_unknown'::text, 'outcome_contradicted'::text, 'statement_missing'::text, 'statement_refused'::text, 'statement_flow_unknown'::text, 'statement_flow_missing'::text, 'statement_amount_differs'::text, 'balance_differs'::text]))),
  constraint open_item_side_check CHECK ((side = ANY (ARRAY['ours'::text, 'bank'::text, 'neither'::text]))),
  constraint open_item_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text])))
);
CREATE INDEX open_item_open ON custody.open_item USING btree (book_id, deadline_at) WHERE (state = 'open'::text);

create table custody.party (
  book_id integer not null,
  org_id integer not null,
  case_id uuid not null,
  role text not null,
  kind text not null,
  member text not null,
  name text not null,
  id_number text not null,
  mobile text not null,
  account text not null,
  bank text not null,
  sub_account text not null,
  pay_to text not null,
  constraint party_pkey PRIMARY KEY (book_id, case_id, role),
  constraint party_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'company'::text]))),
  constraint party_book_id_case_id_fkey FOREIGN KEY (book_id, case_id) REFERENCES custody."case"(book_id, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX party_sub_account ON custody.party USING btree (book_id, sub_account);

create table custody.pool (
  book_id integer not null,
  org_id integer not null,
  channel text not null,
  pool_no text not null,
  opened_at timestamp with time zone not null,
  constraint pool_pkey PRIMARY KEY (book_id)
);

create table custody.step (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  case_id uuid not null,
  milestone text not null,
  "position" integer not null,
  kind text not null,
  role text not null,
  from_account text not null,
  legs jsonb not null,
  amount bigint not null,
  received bigint not null,
  order_no text not null,
  state text not null,
  tries integer not null,
  instruction text not null,
  ended_at timestamp with time zone,
  constraint step_pkey PRIMARY KEY (book_id, id),
  constraint step_amount_check CHECK ((amount >= 0)),
  constraint step_kind_check CHECK ((kind = ANY (ARRAY['open_sub_account'::text, 'bind_account'::text, 'collect'::text, 'freeze'::text, 'pay'::text, 'unfreeze'::text, 'withdraw'::text]))),
  constraint step_received_check CHECK ((received >= 0)),
  constraint step_state_check CHECK ((state = ANY (ARRAY['planned'::text, 'awaiting'::text, 'instructed'::text, 'done'::text, 'failed'::text, 'dropped'::text]))),
  constraint step_book_id_case_id_fkey FOREIGN KEY (book_id, case_id) REFERENCES custody."case"(book_id, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE UNIQUE INDEX step_position ON custody.step USING btree (book_id, case_id, "position");

create schema ledger;

create table ledger.account (
  book_id integer not null,
  org_id integer not null,
  number integer not null,
  id uuid not null,
  code text not null,
  name text not null,
  holder text,
  side text not null,
  credit_limit bigint,
  state text not null,
  debits_posted bigint not null,
  credits_posted bigint not null,
  debits_pending bigint not null,
  credits_pending bigint not null,
  as_of_id bigint not null,
  last_entry bigint not null,
  opened_at timestamp with time zone not null,
  constraint account_pkey PRIMARY KEY (book_id, number),
  constraint account_check CHECK (((credit_limit IS NULL) OR (
CASE side
    WHEN 'debit'::text THEN ((((debits_posted)::numeric - (credits_posted)::numeric) - (credits_pending)::numeric) + (credit_limit)::numeric)
    ELSE ((((credits_posted)::numeric - (debits_posted)::numeric) - (debits_pending)::numeric) + (credit_limit)::numeric)
END >= (0)::numeric))),
  constraint account_credit_limit_check CHECK ((credit_limit >= 0)),
  constraint account_credits_pending_check CHECK ((credits_pending >= 0)),
  constraint account_credits_posted_check CHECK ((credits_posted >= 0)),
  constraint account_debits_pending_check CHECK ((debits_pending >= 0)),
  constraint account_debits_posted_check CHECK ((debits_posted >= 0)),
  constraint account_side_check CHECK ((side = ANY (ARRAY['debit'::text, 'credit'::text]))),
  constraint account_state_check CHECK ((state = ANY (ARRAY['open'::text, 'frozen'::text, 'closed'::text]))),
  constraint account_book_id_fkey FOREIGN KEY (book_id) REFERENCES ledger.book(book_id)
) with (fillfactor=50);
CREATE UNIQUE INDEX account_id ON ledger.account USING btree (book_id, id);

create table ledger.book (
  book_id integer not null,
  org_id integer not null,
  name text not null,
  currency character(3) not null,
  chart text not null,
  closed_before timestamp with time zone,
  created_at timestamp with time zone not null,
  constraint book_pkey PRIMARY KEY (book_id),
  constraint book_book_id_check CHECK (((book_id >= 1) AND (book_id <= 999999999)))
);

create table ledger.head (
  book_id integer not null,
  org_id integer not null,
  epoch bigint not null,
  seq bigint not null,
  last_id bigint not null,
  checkpoint_id bigint not null,
  chain bytea not null,
  sealed_at timestamp with time zone not null,
  owner_url text,
  constraint head_pkey PRIMARY KEY (book_id),
  constraint head_book_id_fkey FOREIGN KEY (book_id) REFERENCES ledger.book(book_id)
) with (fillfactor=10);

create table ledger.hold (
  book_id integer not null,
  org_id integer not null,
  id bigint not null,
  key uuid not null,
  debit integer not null,
  credit integer not null,
  amount bigint not null,
  remaining bigint not null,
  state text not null,
  expires_at timestamp with time zone,
  pinned boolean not null,
  constraint hold_pkey PRIMARY KEY (book_id, id),
  constraint hold_amount_check CHECK ((amount > 0)),
  constraint hold_check CHECK (((remaining >= 0) AND (remaining <= amount))),
  constraint hold_check1 CHECK (((state = 'open'::text) = (remaining > 0))),
  constraint hold_state_check CHECK ((state = ANY (ARRAY['open'::text, 'released'::text, 'voided'::text, 'expired'::text])))
) with (fillfactor=70);
CREATE INDEX hold_credit ON ledger.hold USING btree (book_id, credit);
CREATE INDEX hold_debit ON ledger.hold USING btree (book_id, debit);
CREATE UNIQUE INDEX hold_key ON ledger.hold USING btree (book_id, key);
CREATE INDEX hold_open ON ledger.hold USING btree (book_id, id) WHERE (state = 'open'::text);

create table ledger.partition (
  book_id integer not null,
  org_id integer not null,
  number integer not null,
  first_id bigint not null,
  end_id bigint not null,
  sealed_at timestamp with time zone,
  key_filter bytea,
  constraint partition_pkey PRIMARY KEY (book_id, number),
  constraint partition_book_id_fkey FOREIGN KEY (book_id) REFERENCES ledger.book(book_id)
);

create table ledger.refused (
  book_id integer not null,
  org_id integer not null,
  key uuid not null,
  seq bigint not null,
  "position" integer not null,
  after_id bigint not null,
  code text not null,
  request json not null,
  at timestamp with time zone not null,
  constraint refused_pkey PRIMARY KEY (book_id, key)
);
CREATE INDEX refused_after ON ledger.refused USING btree (book_id, after_id);
CREATE INDEX refused_seq ON ledger.refused USING btree (book_id, seq, "position");

create table ledger.reversal (
  book_id integer not null,
  org_id integer not null,
  subject_id bigint not null,
  reversal_id bigint not null,
  constraint reversal_pkey PRIMARY KEY (book_id, subject_id)
);

create table ledger.seal (
  book_id integer not null,
  org_id integer not null,
  seq bigint not null,
  first_id bigint not null,
  last_id bigint not null,
  at timestamp with time zone not null,
  rows_hash bytea not null,
  hash bytea not null,
  constraint seal_pkey PRIMARY KEY (book_id, seq),
  constraint seal_book_id_fkey FOREIGN KEY (book_id) REFERENCES ledger.book(book_id)
);
CREATE INDEX seal_at ON ledger.seal USING btree (book_id, at);
CREATE INDEX seal_last_id ON ledger.seal USING btree (book_id, last_id);

create table ledger.transfer (
  book_id integer not null,
  org_id integer not null,
  id bigint not null,
  key uuid,
  leg smallint not null,
  type smallint not null,
  debit integer not null,
  credit integer not null,
  amount bigint not null,
  debit_after bigint not null,
  credit_after bigint not null,
  debit_prev bigint not null,
  credit_prev bigint not null,
  subject_id bigint,
  booked_at timestamp with time zone not null,
  effective_at timestamp with time zone,
  purpose text,
  constraint transfer_pkey PRIMARY KEY (book_id, id),
  constraint transfer_amount_check CHECK ((amount > 0)),
  constraint transfer_type_check CHECK (((type >= 0) AND (type <= 5)))
) partition by range (book_id, id);
