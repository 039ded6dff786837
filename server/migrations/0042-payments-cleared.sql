-- Collections whose cash a channel has paid on order by order: each is cleared once, by one entry of the bank.
create table payments.cleared_collection (
  book_id int not null,
  org_id int not null,
  -- The attempt that collected it.
  attempt uuid not null,
  -- The bank's number of the entry that brought the cash.
  flow text not null,
  amount bigint not null check (amount > 0),
  cleared_at timestamptz not null,
  primary key (book_id, attempt)
);

-- What is on its way to an account is asked for by the account.
create index pay_in_destination on payments.pay_in (book_id, destination);
