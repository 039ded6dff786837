-- A channel may tell in its file that a payer's bank took a collection back.
alter table payments.settlement_row drop constraint settlement_row_direction_check,
  add constraint settlement_row_direction_check check (direction in
    ('collect', 'pay', 'refund', 'payout_returned', 'chargeback'));
