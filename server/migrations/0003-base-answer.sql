-- Answers to HTTP requests that carried an Idempotency-Key, kept in the tx of what they answer.
create table base.answer (
  book_id int not null,
  key_hash bytea not null check (length(key_hash) = 32),
  request_hash bytea not null check (length(request_hash) = 32),
  org_id int not null,
  status int not null,
  body jsonb not null,
  at timestamptz not null,
  primary key (book_id, key_hash)
);
