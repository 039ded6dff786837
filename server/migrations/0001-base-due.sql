-- Whatever has a due time is a row here, moved by the World's clock and not by a job library's wall clock.
create table base.due (
  book_id int not null,
  kind text not null,
  key text not null,
  org_id int not null,
  due_at timestamptz not null,
  payload jsonb not null,
  -- The number of the last attempt. It only grows: it fences off the late answer of an earlier one.
  attempts int not null default 0,
  -- Attempts since the row was planned or postponed; too many of them and it is dead.
  tries int not null default 0,
  last_error text,
  dead_at timestamptz,
  primary key (book_id, kind, key)
);

create index due_by_time on base.due (book_id, due_at) where dead_at is null;
create index due_dead on base.due (book_id, dead_at) where dead_at is not null;
