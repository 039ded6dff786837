-- The last payout of an amount to a payee: the guard that lets one of two like it pass unreviewed.

create table payments.payee_amount (
  book_id int not null,
  org_id int not null,
  payee text not null,
  amount bigint not null check (amount > 0),
  payout uuid not null,
  at timestamptz not null,
  primary key (book_id, payee, amount)
);
create index payee_amount_of_org on payments.payee_amount (org_id, payee, amount, at);
