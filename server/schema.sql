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

create schema codes;

create table codes.entry (
  version integer not null,
  list text not null,
  direction text not null,
  code text not null,
  cause text,
  reason text not null,
  certainty text not null,
  retry text not null,
  text_zh text not null,
  text_en text not null,
  constraint entry_pkey PRIMARY KEY (version, list, direction, code),
  constraint entry_cause_check CHECK ((cause = ANY (ARRAY['user'::text, 'bank'::text, 'channel'::text, 'merchant'::text, 'system'::text, 'risk'::text]))),
  constraint entry_certainty_check CHECK ((certainty = ANY (ARRAY['succeeded'::text, 'failed'::text, 'unknown'::text]))),
  constraint entry_check CHECK (((certainty <> 'unknown'::text) OR (retry = 'none'::text))),
  constraint entry_check1 CHECK (((certainty = 'succeeded'::text) <= (cause IS NULL))),
  constraint entry_check2 CHECK (((certainty <> 'failed'::text) OR (cause IS NOT NULL))),
  constraint entry_code_check CHECK ((code <> ''::text)),
  constraint entry_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text, 'any'::text]))),
  constraint entry_retry_check CHECK ((retry = ANY (ARRAY['none'::text, 'by_user'::text, 'other_channel'::text, 'same_channel_later'::text, 'after_fix'::text]))),
  constraint entry_text_en_check CHECK ((text_en <> ''::text)),
  constraint entry_text_zh_check CHECK ((text_zh <> ''::text)),
  constraint entry_version_fkey FOREIGN KEY (version) REFERENCES codes.version(version)
);

create table codes.inbox (
  list text not null,
  direction text not null,
  code text not null,
  count bigint not null,
  first_seen timestamp with time zone not null,
  last_seen timestamp with time zone not null,
  sample text not null,
  classified_in integer,
  constraint inbox_pkey PRIMARY KEY (list, direction, code),
  constraint inbox_count_check CHECK ((count > 0)),
  constraint inbox_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text]))),
  constraint inbox_classified_in_fkey FOREIGN KEY (classified_in) REFERENCES codes.version(version)
);

create table codes.version (
  version integer not null,
  made_at timestamp with time zone not null,
  made_by text not null,
  note text not null,
  constraint version_pkey PRIMARY KEY (version),
  constraint version_made_by_check CHECK ((made_by <> ''::text)),
  constraint version_version_check CHECK ((version > 0))
);

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

create schema payments;

create table payments.attempt (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  direction text not null,
  owner text not null,
  number integer not null,
  channel text not null,
  method text not null,
  bank text not null,
  account_type text not null,
  reference text not null,
  amount bigint not null,
  currency text not null,
  state text not null,
  sends integer default 0 not null,
  made_at timestamp with time zone not null,
  valid_until timestamp with time zone not null,
  send_before timestamp with time zone,
  not_found integer default 0 not null,
  not_found_at timestamp with time zone,
  overdue boolean default false not null,
  code text default ''::text not null,
  message text default ''::text not null,
  channel_reference text default ''::text not null,
  payer_action jsonb,
  route jsonb,
  booked_to text default ''::text not null,
  refunding bigint default 0 not null,
  refunded bigint default 0 not null,
  refunds integer default 0 not null,
  moved_at timestamp with time zone not null,
  constraint attempt_pkey PRIMARY KEY (book_id, id),
  constraint attempt_account_type_check CHECK ((account_type = ANY (ARRAY[''::text, 'personal'::text, 'corporate'::text]))),
  constraint attempt_amount_check CHECK ((amount > 0)),
  constraint attempt_booked_to_check CHECK ((booked_to = ANY (ARRAY[''::text, 'destination'::text, 'suspense'::text]))),
  constraint attempt_check CHECK (((refunding + refunded) <= amount)),
  constraint attempt_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text]))),
  constraint attempt_method_check CHECK ((method = ANY (ARRAY[''::text, 'wechat_native'::text, 'wechat_h5'::text, 'wechat_jsapi'::text, 'alipay_qr'::text, 'alipay_page'::text, 'collection'::text, 'bank_transfer'::text]))),
  constraint attempt_number_check CHECK ((number >= 1)),
  constraint attempt_refunded_check CHECK ((refunded >= 0)),
  constraint attempt_refunding_check CHECK ((refunding >= 0)),
  constraint attempt_refunds_check CHECK (((refunds >= 0) AND (refunds <= 50))),
  constraint attempt_state_check CHECK ((state = ANY (ARRAY['intended'::text, 'sending'::text, 'accepted'::text, 'unknown'::text, 'succeeded'::text, 'failed'::text])))
) with (fillfactor=80);
CREATE INDEX attempt_bank_transfer ON payments.attempt USING btree (book_id, channel, made_at) WHERE (method = 'bank_transfer'::text);
CREATE UNIQUE INDEX attempt_owner ON payments.attempt USING btree (book_id, owner, number);
CREATE UNIQUE INDEX attempt_reference ON payments.attempt USING btree (book_id, reference);

create table payments.bank_cursor (
  book_id integer not null,
  org_id integer not null,
  channel text not null,
  cursor text not null,
  read_at timestamp with time zone not null,
  constraint bank_cursor_pkey PRIMARY KEY (book_id, channel)
);

create table payments.bank_line (
  book_id integer not null,
  org_id integer not null,
  channel text not null,
  flow text not null,
  side text not null,
  amount bigint not null,
  business_date character(8) not null,
  memo text not null,
  reference text not null,
  taken_as text not null,
  taken_at timestamp with time zone not null,
  constraint bank_line_pkey PRIMARY KEY (book_id, channel, flow),
  constraint bank_line_amount_check CHECK ((amount > 0)),
  constraint bank_line_side_check CHECK ((side = ANY (ARRAY['in'::text, 'out'::text]))),
  constraint bank_line_taken_as_check CHECK ((taken_as = ANY (ARRAY['payout'::text, 'payout_returned'::text, 'settlement'::text, 'bank_transfer'::text, 'reimbursement'::text, 'court_deduction'::text, 'bank_fee'::text, 'channel_fee'::text, 'pool_interest'::text, 'unknown_credit'::text, 'unknown_debit'::text])))
);
CREATE INDEX bank_line_memo ON payments.bank_line USING btree (book_id, memo) WHERE (taken_as = 'unknown_credit'::text);

create table payments.claim (
  book_id integer not null,
  key_hash bytea not null,
  org_id integer not null,
  request_hash bytea not null,
  chosen_book integer not null,
  destination uuid not null,
  made_at timestamp with time zone not null,
  constraint claim_pkey PRIMARY KEY (book_id, key_hash),
  constraint claim_book_id_check CHECK ((book_id = 0)),
  constraint claim_key_hash_check CHECK ((length(key_hash) = 32))
);

create table payments.cleared_collection (
  book_id integer not null,
  org_id integer not null,
  attempt uuid not null,
  flow text not null,
  amount bigint not null,
  cleared_at timestamp with time zone not null,
  constraint cleared_collection_pkey PRIMARY KEY (book_id, attempt),
  constraint cleared_collection_amount_check CHECK ((amount > 0))
);

create table payments.exception (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  kind text not null,
  about text not null,
  state text not null,
  amount bigint not null,
  evidence jsonb not null,
  seen integer default 1 not null,
  opened_at timestamp with time zone not null,
  deadline timestamp with time zone not null,
  action text default ''::text not null,
  note text default ''::text not null,
  resolved_by text default ''::text not null,
  moved_at timestamp with time zone not null,
  overdue boolean default false not null,
  constraint exception_pkey PRIMARY KEY (book_id, id),
  constraint exception_amount_check CHECK ((amount >= 0)),
  constraint exception_kind_check CHECK ((kind = ANY (ARRAY['late_success'::text, 'paid_twice'::text, 'amount_differs'::text, 'currency_differs'::text, 'payee_differs'::text, 'unknown_too_long'::text, 'contradicted'::text, 'callback_malformed'::text, 'payout_returned'::text, 'refund_route_closed'::text, 'refund_waiting_for_funds'::text, 'approval_needed'::text, 'settlement_differs'::text, 'file_row_unknown'::text, 'chargeback'::text, 'court_deduction'::text, 'bank_fee'::text, 'pool_interest'::text, 'unknown_credit'::text, 'unknown_debit'::text, 'hidden_then_found'::text]))),
  constraint exception_state_check CHECK ((state = ANY (ARRAY['open'::text, 'resolved'::text])))
);
CREATE INDEX exception_deadline ON payments.exception USING btree (book_id, state, deadline);
CREATE UNIQUE INDEX exception_open ON payments.exception USING btree (book_id, kind, about) WHERE (state = 'open'::text);

create table payments.outside_entry (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  kind text not null,
  state text not null,
  account uuid not null,
  amount bigint not null,
  channel text not null,
  flow text not null,
  about text not null,
  tries integer default 1 not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  payer_index text default ''::text not null,
  constraint outside_entry_pkey PRIMARY KEY (book_id, id),
  constraint outside_entry_amount_check CHECK ((amount > 0)),
  constraint outside_entry_kind_check CHECK ((kind = ANY (ARRAY['chargeback'::text, 'court_deduction'::text, 'bank_fee'::text, 'channel_fee'::text, 'pool_interest'::text, 'unknown_credit'::text, 'unknown_debit'::text]))),
  constraint outside_entry_state_check CHECK ((state = ANY (ARRAY['booked'::text, 'waiting'::text, 'cleared'::text])))
);
CREATE INDEX outside_entry_flow ON payments.outside_entry USING btree (book_id, kind, channel, flow);
CREATE INDEX outside_entry_waiting ON payments.outside_entry USING btree (book_id, made_at) WHERE (state = 'waiting'::text);

create table payments.pay_in (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  destination uuid not null,
  amount bigint not null,
  currency text not null,
  state text not null,
  subject text not null,
  late text not null,
  attributes jsonb not null,
  plan uuid,
  leg integer,
  attempts integer not null,
  open_attempts integer not null,
  paid_by uuid,
  expires_at timestamp with time zone not null,
  request_hash bytea not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint pay_in_pkey PRIMARY KEY (book_id, id),
  constraint pay_in_amount_check CHECK ((amount > 0)),
  constraint pay_in_attempts_check CHECK ((attempts >= 0)),
  constraint pay_in_check CHECK (((open_attempts >= 0) AND (open_attempts <= attempts))),
  constraint pay_in_late_check CHECK ((late = ANY (ARRAY['refund'::text, 'attach'::text]))),
  constraint pay_in_state_check CHECK ((state = ANY (ARRAY['open'::text, 'succeeded'::text, 'closed'::text])))
) with (fillfactor=80);
CREATE INDEX pay_in_destination ON payments.pay_in USING btree (book_id, destination);

create table payments.payee_day (
  book_id integer not null,
  org_id integer not null,
  payee text not null,
  channel text not null,
  business_date character(8) not null,
  used bigint not null,
  count integer not null,
  constraint payee_day_pkey PRIMARY KEY (book_id, payee, channel, business_date),
  constraint payee_day_count_check CHECK ((count >= 0)),
  constraint payee_day_used_check CHECK ((used >= 0))
);

create table payments.payout (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  source uuid not null,
  amount bigint not null,
  purpose text not null,
  about text not null,
  payee_name text not null,
  payee_account text not null,
  payee_index text not null,
  bank text not null,
  account_type text not null,
  cnaps text not null,
  memo text not null,
  state text not null,
  attempts integer default 0 not null,
  tried text[] default '{}'::text[] not null,
  hold_try integer not null,
  valid_until timestamp with time zone not null,
  requested_by text not null,
  approved_by text default ''::text not null,
  request_hash text not null,
  code text default ''::text not null,
  message text default ''::text not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint payout_pkey PRIMARY KEY (book_id, id),
  constraint payout_account_type_check CHECK ((account_type = ANY (ARRAY['personal'::text, 'corporate'::text]))),
  constraint payout_amount_check CHECK ((amount > 0)),
  constraint payout_attempts_check CHECK ((attempts >= 0)),
  constraint payout_check CHECK (((approved_by = ''::text) OR (approved_by <> requested_by))),
  constraint payout_hold_try_check CHECK ((hold_try >= 0)),
  constraint payout_purpose_check CHECK ((purpose = ANY (ARRAY['payout'::text, 'refund'::text, 'refund_funding'::text, 'reimbursement'::text]))),
  constraint payout_state_check CHECK ((state = ANY (ARRAY['waiting_for_cash'::text, 'waiting_for_approval'::text, 'processing'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])))
);
CREATE INDEX payout_about ON payments.payout USING btree (book_id, about) WHERE (about <> ''::text);
CREATE INDEX payout_open ON payments.payout USING btree (book_id, made_at) WHERE (state <> ALL (ARRAY['succeeded'::text, 'failed'::text, 'cancelled'::text]));
CREATE INDEX payout_waiting_for_cash ON payments.payout USING btree (book_id, made_at) WHERE (state = 'waiting_for_cash'::text);

create table payments.payout_return (
  book_id integer not null,
  org_id integer not null,
  attempt uuid not null,
  payout uuid not null,
  channel text not null,
  flow text not null,
  amount bigint not null,
  code text not null,
  says text not null,
  business_date character(8) not null,
  booked_to text not null,
  recorded_at timestamp with time zone not null,
  constraint payout_return_pkey PRIMARY KEY (book_id, attempt),
  constraint payout_return_amount_check CHECK ((amount > 0)),
  constraint payout_return_booked_to_check CHECK ((booked_to = ANY (ARRAY['source'::text, 'suspense'::text])))
);
CREATE UNIQUE INDEX payout_return_flow ON payments.payout_return USING btree (book_id, channel, flow);

create table payments.plan (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  destination uuid not null,
  amount bigint not null,
  currency text not null,
  state text not null,
  subject text not null,
  bank text not null,
  account_type text not null,
  method text not null,
  attributes jsonb not null,
  learnt_limit bigint,
  paid bigint default 0 not null,
  version integer not null,
  request_hash bytea not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint plan_pkey PRIMARY KEY (book_id, id),
  constraint plan_account_type_check CHECK ((account_type = ANY (ARRAY[''::text, 'personal'::text, 'corporate'::text]))),
  constraint plan_amount_check CHECK ((amount > 0)),
  constraint plan_check CHECK (((paid >= 0) AND (paid <= amount))),
  constraint plan_learnt_limit_check CHECK ((learnt_limit > 0)),
  constraint plan_state_check CHECK ((state = ANY (ARRAY['open'::text, 'succeeded'::text, 'closed'::text])))
);

create table payments.plan_leg (
  book_id integer not null,
  org_id integer not null,
  plan uuid not null,
  number integer not null,
  amount bigint not null,
  state text not null,
  pay_on text not null,
  pay_in uuid,
  tries integer default 0 not null,
  moved_at timestamp with time zone not null,
  constraint plan_leg_pkey PRIMARY KEY (book_id, plan, number),
  constraint plan_leg_amount_check CHECK ((amount > 0)),
  constraint plan_leg_number_check CHECK ((number >= 1)),
  constraint plan_leg_state_check CHECK ((state = ANY (ARRAY['planned'::text, 'confirming'::text, 'paid'::text, 'dropped'::text])))
);

create table payments.refund (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  amount bigint not null,
  reason text not null,
  state text not null,
  open_parts integer not null,
  succeeded bigint default 0 not null,
  requested_by text not null,
  request_hash text not null,
  payer_name text not null,
  payer_account text not null,
  payer_bank text not null,
  payer_account_type text not null,
  code text default ''::text not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint refund_pkey PRIMARY KEY (book_id, id),
  constraint refund_amount_check CHECK ((amount > 0)),
  constraint refund_check CHECK (((succeeded >= 0) AND (succeeded <= amount))),
  constraint refund_open_parts_check CHECK ((open_parts >= 0)),
  constraint refund_state_check CHECK ((state = ANY (ARRAY['processing'::text, 'succeeded'::text, 'failed'::text])))
);
CREATE INDEX refund_open ON payments.refund USING btree (book_id, made_at) WHERE (state = 'processing'::text);

create table payments.refund_part (
  book_id integer not null,
  org_id integer not null,
  id uuid not null,
  refund uuid not null,
  number integer not null,
  collection uuid not null,
  channel text not null,
  source uuid not null,
  amount bigint not null,
  route text not null,
  state text not null,
  attempts integer default 0 not null,
  hold_try integer default 0 not null,
  send_at timestamp with time zone not null,
  code text default ''::text not null,
  message text default ''::text not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint refund_part_pkey PRIMARY KEY (book_id, id),
  constraint refund_part_amount_check CHECK ((amount > 0)),
  constraint refund_part_attempts_check CHECK ((attempts >= 0)),
  constraint refund_part_hold_try_check CHECK ((hold_try >= 0)),
  constraint refund_part_number_check CHECK ((number > 0)),
  constraint refund_part_route_check CHECK ((route = ANY (ARRAY['original'::text, 'payout'::text, 'manual'::text]))),
  constraint refund_part_state_check CHECK ((state = ANY (ARRAY['planned'::text, 'processing'::text, 'waiting_for_funds'::text, 'waiting_for_approval'::text, 'paying_out'::text, 'manual'::text, 'succeeded'::text, 'failed'::text])))
);
CREATE INDEX refund_part_collection ON payments.refund_part USING btree (book_id, collection, send_at);
CREATE UNIQUE INDEX refund_part_number ON payments.refund_part USING btree (book_id, refund, number);
CREATE INDEX refund_part_waiting ON payments.refund_part USING btree (book_id, channel) WHERE (state = 'waiting_for_funds'::text);

create table payments.settlement (
  book_id integer not null,
  org_id integer not null,
  channel text not null,
  business_date character(8) not null,
  reference text not null,
  settled bigint not null,
  fee bigint not null,
  from_balance bigint not null,
  rows integer not null,
  file_hash text not null,
  state text not null,
  flow text default ''::text not null,
  difference bigint default 0 not null,
  made_at timestamp with time zone not null,
  moved_at timestamp with time zone not null,
  constraint settlement_pkey PRIMARY KEY (book_id, channel, business_date),
  constraint settlement_from_balance_check CHECK ((from_balance >= 0)),
  constraint settlement_rows_check CHECK ((rows >= 0)),
  constraint settlement_state_check CHECK ((state = ANY (ARRAY['expected'::text, 'settled'::text, 'differs'::text])))
);
CREATE UNIQUE INDEX settlement_reference ON payments.settlement USING btree (book_id, reference);

create table payments.settlement_row (
  book_id integer not null,
  org_id integer not null,
  channel text not null,
  business_date character(8) not null,
  "row" integer not null,
  direction text not null,
  reference text not null,
  amount bigint not null,
  fee bigint not null,
  state text not null,
  constraint settlement_row_pkey PRIMARY KEY (book_id, channel, business_date, "row"),
  constraint settlement_row_amount_check CHECK ((amount >= 0)),
  constraint settlement_row_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text, 'payout_returned'::text, 'chargeback'::text]))),
  constraint settlement_row_row_check CHECK (("row" > 0)),
  constraint settlement_row_state_check CHECK ((state = ANY (ARRAY['matched'::text, 'unknown'::text, 'differs'::text, 'repeated'::text, 'idle'::text])))
);
CREATE UNIQUE INDEX settlement_row_once ON payments.settlement_row USING btree (book_id, channel, direction, reference) WHERE (state = 'matched'::text);

create schema quality;

create table quality.arrival (
  book_id integer not null,
  seq bigint not null,
  n integer not null,
  fact jsonb not null,
  constraint arrival_pkey PRIMARY KEY (book_id, seq, n)
);

create table quality.attempt (
  book_id integer not null,
  id uuid not null,
  order_id uuid not null,
  number integer not null,
  ending integer not null,
  segment integer not null,
  made_at timestamp with time zone not null,
  at timestamp with time zone not null,
  succeeded_at timestamp with time zone,
  was_overdue boolean not null,
  had_failed boolean not null,
  constraint attempt_pkey PRIMARY KEY (book_id, id),
  constraint attempt_number_check CHECK ((number > 0))
);
CREATE INDEX attempt_made ON quality.attempt USING btree (made_at) INCLUDE (ending, segment);
CREATE INDEX attempt_order ON quality.attempt USING btree (book_id, order_id);

create table quality.day (
  day integer not null,
  ending integer not null,
  segment integer not null,
  n bigint not null,
  constraint day_pkey PRIMARY KEY (day, ending, segment)
);

create table quality.day_moved (
  day integer not null,
  fold bigint not null,
  constraint day_moved_pkey PRIMARY KEY (day)
);

create table quality.ending (
  id integer generated always as identity not null,
  direction text not null,
  channel text not null,
  code text not null,
  outcome text not null,
  first boolean not null,
  converted boolean not null,
  last_channel text not null,
  last_code text not null,
  reclassified boolean not null,
  constraint ending_pkey PRIMARY KEY (id),
  constraint ending_direction_channel_code_outcome_first_converted_last__key UNIQUE (direction, channel, code, outcome, first, converted, last_channel, last_code, reclassified),
  constraint ending_check CHECK ((first OR (NOT converted))),
  constraint ending_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text]))),
  constraint ending_outcome_check CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'failed'::text, 'overdue'::text, 'returned'::text, 'returned_late'::text])))
);

create table quality.fold (
  one boolean not null,
  folds bigint not null,
  constraint fold_pkey PRIMARY KEY (one),
  constraint fold_one_check CHECK (one)
);

create table quality.hour (
  hour integer not null,
  ending integer not null,
  n bigint not null,
  constraint hour_pkey PRIMARY KEY (hour, ending)
);

create table quality.segment (
  id integer generated always as identity not null,
  bank text not null,
  account_type text not null,
  band text not null,
  constraint segment_pkey PRIMARY KEY (id),
  constraint segment_bank_account_type_band_key UNIQUE (bank, account_type, band),
  constraint segment_account_type_check CHECK ((account_type = ANY (ARRAY[''::text, 'personal'::text, 'corporate'::text])))
);

create schema routing;

create table routing.activation (
  number bigint generated always as identity not null,
  version text not null,
  activated_by text not null,
  activated_at timestamp with time zone not null,
  constraint activation_pkey PRIMARY KEY (number),
  constraint activation_version_fkey FOREIGN KEY (version) REFERENCES routing.rule_set(version)
);

create table routing.channel (
  name text not null,
  capability jsonb not null,
  noted_at timestamp with time zone not null,
  constraint channel_pkey PRIMARY KEY (name)
);

create table routing.learnt_permission (
  direction text not null,
  channel text not null,
  bank text not null,
  account_type text not null,
  refusals integer not null,
  learnt_at timestamp with time zone,
  expires_at timestamp with time zone,
  evidence jsonb not null,
  constraint learnt_permission_pkey PRIMARY KEY (direction, channel, bank, account_type),
  constraint learnt_permission_account_type_check CHECK ((account_type = ANY (ARRAY[''::text, 'personal'::text, 'corporate'::text]))),
  constraint learnt_permission_check CHECK (((expires_at IS NULL) = (learnt_at IS NULL))),
  constraint learnt_permission_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text]))),
  constraint learnt_permission_refusals_check CHECK ((refusals >= 1))
);

create table routing.observation (
  attempt text not null,
  direction text not null,
  channel text not null,
  bank text not null,
  account_type text not null,
  verdict text not null,
  code text not null,
  made_at timestamp with time zone not null,
  at timestamp with time zone not null,
  recorded_at timestamp with time zone not null,
  constraint observation_pkey PRIMARY KEY (attempt),
  constraint observation_account_type_check CHECK ((account_type = ANY (ARRAY[''::text, 'personal'::text, 'corporate'::text]))),
  constraint observation_direction_check CHECK ((direction = ANY (ARRAY['collect'::text, 'pay'::text, 'refund'::text]))),
  constraint observation_verdict_check CHECK ((verdict = ANY (ARRAY['good'::text, 'bad'::text, 'permission'::text, 'none'::text])))
);
CREATE INDEX observation_recorded ON routing.observation USING btree (recorded_at);

create table routing.rule_set (
  version text not null,
  document jsonb not null,
  note text default ''::text not null,
  made_at timestamp with time zone not null,
  constraint rule_set_pkey PRIMARY KEY (version),
  constraint rule_set_version_check CHECK ((version ~ '^[0-9a-f]{64}$'::text))
);
