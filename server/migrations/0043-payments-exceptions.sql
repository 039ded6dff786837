-- Exceptions that nobody has resolved in time are marked, and what people decide about money that moved without us can be told by whom it came from.
alter table payments.exception
  -- Whether its deadline has passed while it was open.
  add column overdue boolean not null default false;

alter table payments.outside_entry
  -- Tells whose bank account it came from, without saying which; empty when the bank did not say.
  add column payer_index text not null default '';

-- Entries are asked for by what an exception about them knows.
create index outside_entry_flow on payments.outside_entry (book_id, kind, channel, flow);
