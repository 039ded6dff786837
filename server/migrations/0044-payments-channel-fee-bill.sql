-- Some channels bill their fees by month: a debit of its own, owed by our own book.
alter table payments.outside_entry drop constraint outside_entry_kind_check,
  add constraint outside_entry_kind_check check (kind in ('chargeback', 'court_deduction',
    'bank_fee', 'channel_fee', 'pool_interest', 'unknown_credit', 'unknown_debit'));
alter table payments.bank_line drop constraint bank_line_taken_as_check,
  add constraint bank_line_taken_as_check check (taken_as in ('payout', 'payout_returned',
    'settlement', 'bank_transfer', 'reimbursement', 'court_deduction', 'bank_fee', 'channel_fee',
    'pool_interest', 'unknown_credit', 'unknown_debit'));
