-- The slow SQL path: the ledger's rules as ordinary statements on the ledger's own tables, one
-- request per database tx, rows locked. It is a judge, not a product: nothing in the server calls it.
-- A refusal is an exception, because leaving a plpgsql block by one undoes all the block has done.
create schema judge;

create function judge.refuse(code text) returns void language plpgsql as $$
begin
  raise exception using errcode = 'JR001', message = code;
end $$;

create function judge.open_book(b int, chart text, moment timestamptz) returns void
language plpgsql as $$
begin
  insert into ledger.book (book_id, org_id, name, currency, chart, created_at)
  values (b, 1, 'Oracle', 'CNY', chart, moment);
  insert into ledger.head (book_id, org_id, epoch, seq, last_id, checkpoint_id, chain, sealed_at)
  values (b, 1, 1, 0, 0, 0, ''::bytea, moment);
  execute format(
    'create table judge.transfer_%s partition of ledger.transfer
       for values from (%s, minvalue) to (%s, maxvalue)', b, b, b);
  execute format('create unique index on judge.transfer_%s (book_id, id)', b);
  execute format('create unique index on judge.transfer_%s (book_id, key)', b);
end $$;

create function judge.open_accounts(b int, openings jsonb, moment timestamptz) returns void
language sql as $$
  insert into ledger.account (book_id, org_id, number, id, code, name, side, credit_limit, state,
    debits_posted, credits_posted, debits_pending, credits_pending, as_of_id, last_entry, opened_at)
  select b, 1, (select coalesce(max(number), 0) from ledger.account where book_id = b) + x.n,
    (x.o->>'id')::uuid, x.o->>'code', x.o->>'name', x.o->>'side', (x.o->>'creditLimit')::bigint,
    'open', 0, 0, 0, 0, 0, 0, moment
  from jsonb_array_elements(openings) with ordinality x(o, n);
$$;

create function judge.hex(id uuid) returns text language sql immutable as $$
  select replace(id::text, '-', '');
$$;

create function judge.instant(at timestamptz) returns bigint language sql immutable as $$
  select round(extract(epoch from at) * 1000)::bigint;
$$;

create function judge.moment(instant text) returns timestamptz language sql immutable as $$
  select timestamptz 'epoch' + instant::bigint * interval '1 millisecond';
$$;

create function judge.type_name(type int) returns text language sql immutable as $$
  select (array['post', 'hold', 'release', 'void', 'expire', 'reverse'])[type + 1];
$$;

-- The number of the first leg booked under an id; null when none was.
create function judge.number_of(b int, key uuid) returns bigint language sql stable as $$
  select t.id from ledger.transfer t where t.book_id = b and t.key = number_of.key;
$$;

-- All legs of the transfer whose first leg has this number.
create function judge.legs_of(b int, first_id bigint) returns setof ledger.transfer
language sql stable as $$
  select t.* from ledger.transfer t
  where t.book_id = b and t.id >= first_id
    and t.id < coalesce((
      select min(n.id) from ledger.transfer n
      where n.book_id = b and n.id > first_id and n.leg = 0), 9223372036854775807)
  order by t.id;
$$;

-- Ids that were used before ---------------------------------------------------------------------

-- A booked transfer, written again as the request that asked for it.
create function judge.request_of(b int, first_id bigint) returns jsonb language sql stable as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'type', judge.type_name(f.type),
    'legs', case when f.type = 0 then l.legs end,
    'debit', case when f.type = 1 then l.legs->0->'debit' end,
    'credit', case when f.type = 1 then l.legs->0->'credit' end,
    'amount', case when f.type = 1 then l.legs->0->'amount' end,
    'parts', case when f.type = 2 then l.legs end,
    'hold', case when f.type in (2, 3, 4) then judge.hex(s.key) end,
    'subject', case when f.type = 5 then judge.hex(s.key) end,
    'effectiveAt', judge.instant(f.effective_at)::text,
    'expiresAt', (select judge.instant(h.expires_at)::text from ledger.hold h
                  where h.book_id = b and h.id = f.id),
    'purpose', f.purpose))
  from ledger.transfer f
  left join ledger.transfer s on s.book_id = b and s.id = f.subject_id
  cross join lateral (
    select jsonb_agg(jsonb_build_object(
      'debit', judge.hex(d.id), 'credit', judge.hex(c.id), 'amount', t.amount::text
    ) order by t.id) as legs
    from judge.legs_of(b, first_id) t
    join ledger.account d on d.book_id = b and d.number = t.debit
    join ledger.account c on c.book_id = b and c.number = t.credit) l
  where f.book_id = b and f.id = first_id;
$$;

-- The legs a request names, as (n, debit, credit, amount); null where it names none.
create function judge.named_legs(r jsonb, hold_credit text) returns jsonb
language sql immutable as $$
  select case r->>'type'
    when 'post' then r->'legs'
    when 'hold' then jsonb_build_array(
      jsonb_build_object('debit', r->'debit', 'credit', r->'credit', 'amount', r->'amount'))
    when 'release' then (
      select coalesce(jsonb_agg(jsonb_build_object(
        'credit', coalesce(p.part->>'credit', hold_credit), 'amount', p.part->'amount'
      ) order by p.n), '[]')
      from jsonb_array_elements(r->'parts') with ordinality p(part, n)
      where r ? 'parts')
  end
  where r->>'type' <> 'release' or r ? 'parts';
$$;

-- How a second request differs from the first under the same id; null when it does not.
create function judge.difference(b int, first jsonb, again jsonb) returns text
language plpgsql stable as $$
declare
  hold_credit text;
  was jsonb;
  now_ jsonb;
  code text;
begin
  if first->>'type' <> again->>'type' then return 'exists_with_different_type'; end if;
  select judge.hex(a.id) into hold_credit
  from ledger.hold h join ledger.account a on a.book_id = b and a.number = h.credit
  where h.book_id = b and h.key = (again->>'hold')::uuid;
  was := judge.named_legs(first, hold_credit);
  now_ := judge.named_legs(again, hold_credit);
  if was is not null and now_ is not null then
    if jsonb_array_length(was) <> jsonb_array_length(now_) then
      return 'exists_with_different_legs';
    end if;
    select f.name into code
    from jsonb_array_elements(was) with ordinality x(leg, n)
    join jsonb_array_elements(now_) with ordinality y(leg, n) using (n)
    cross join lateral (values
      (1, 'exists_with_different_debit_account', x.leg->>'debit', y.leg->>'debit'),
      (2, 'exists_with_different_credit_account', x.leg->>'credit', y.leg->>'credit'),
      (3, 'exists_with_different_amount', x.leg->>'amount', y.leg->>'amount')
    ) f(rank, name, before, after)
    where f.before is distinct from f.after
    order by n, f.rank limit 1;
    if code is not null then return code; end if;
  end if;
  select f.name into code from (values
    (1, 'exists_with_different_hold', 'hold'),
    (2, 'exists_with_different_subject', 'subject'),
    (3, 'exists_with_different_effective_at', 'effectiveAt'),
    (4, 'exists_with_different_expires_at', 'expiresAt'),
    (5, 'exists_with_different_purpose', 'purpose')
  ) f(rank, name, field)
  where first->>f.field is distinct from again->>f.field
  order by f.rank limit 1;
  return code;
end $$;

-- The answer to an id that was used before; null for a new one.
create function judge.known(b int, r jsonb) returns jsonb language plpgsql stable as $$
declare
  first_id bigint := judge.number_of(b, (r->>'id')::uuid);
  refused ledger.refused;
  code text;
begin
  if first_id is not null then
    code := judge.difference(b, judge.request_of(b, first_id), r);
    return case when code is null
      then judge.accepted(b, first_id, true)
      else judge.refused(code, false) end;
  end if;
  select * into refused from ledger.refused f where f.book_id = b and f.key = (r->>'id')::uuid;
  if not found then return null; end if;
  code := judge.difference(b, refused.request::jsonb, r);
  return case when code is null
    then judge.refused(refused.code, true)
    else judge.refused(code, false) end;
end $$;

create function judge.accepted(b int, first_id bigint, replayed boolean) returns jsonb
language sql stable as $$
  select jsonb_build_object('status', 'accepted', 'replayed', replayed,
    'number', first_id::text, 'bookedAt', judge.instant(t.booked_at)::text)
  from ledger.transfer t where t.book_id = b and t.id = first_id;
$$;

create function judge.refused(code text, replayed boolean) returns jsonb
language sql immutable as $$
  select jsonb_build_object('status', 'refused', 'replayed', replayed, 'code', code);
$$;

-- Checks ----------------------------------------------------------------------------------------

create function judge.check_count(legs jsonb) returns void language plpgsql as $$
begin
  if jsonb_array_length(legs) not between 1 and 1000 then
    perform judge.refuse('legs_out_of_range');
  end if;
end $$;

-- Per leg in order: what is wrong with amounts and, where asked, accounts.
create function judge.check_legs(b int, legs jsonb, amounts boolean, accounts boolean) returns void
language plpgsql as $$
declare
  code text;
begin
  select w.code into code
  from jsonb_array_elements(legs) with ordinality l(leg, n)
  cross join lateral (select case
    when amounts and (leg->>'amount')::numeric < 1 then 'amount_not_positive'
    when amounts and (leg->>'amount')::numeric > 9223372036854775807 then 'amount_too_large'
    when accounts and leg->>'debit' = leg->>'credit' then 'accounts_are_the_same'
    when accounts and not exists (select from ledger.account a
      where a.book_id = b and a.id = (leg->>'debit')::uuid) then 'debit_account_not_found'
    when accounts and not exists (select from ledger.account a
      where a.book_id = b and a.id = (leg->>'credit')::uuid) then 'credit_account_not_found'
  end) w(code)
  where w.code is not null order by l.n limit 1;
  if code is not null then perform judge.refuse(code); end if;
end $$;

create function judge.check_time(b int, r jsonb, moment timestamptz) returns void
language plpgsql as $$
declare
  effective timestamptz := judge.moment(r->>'effectiveAt');
  closed timestamptz;
begin
  if effective > moment then perform judge.refuse('effective_at_in_future'); end if;
  select k.closed_before into closed from ledger.book k where k.book_id = b;
  if coalesce(effective, moment) < closed then perform judge.refuse('period_closed'); end if;
end $$;

-- Locks and returns the hold; refuses one that is not there or has ended.
create function judge.hold_for(b int, r jsonb) returns ledger.hold language plpgsql as $$
declare
  h ledger.hold;
begin
  select * into h from ledger.hold x
  where x.book_id = b and x.key = (r->>'hold')::uuid for update;
  if not found then perform judge.refuse('hold_not_found'); end if;
  if h.state <> 'open' then
    perform judge.refuse(case h.state
      when 'released' then 'hold_already_released'
      when 'voided' then 'hold_already_voided'
      else 'hold_expired' end);
  end if;
  return h;
end $$;

create function judge.is_past(h ledger.hold, moment timestamptz) returns boolean
language sql immutable as $$
  select not h.pinned and h.expires_at is not null and h.expires_at <= moment;
$$;

-- `instructed`: released from a pinned hold, whose money has left or is about to.
create function judge.check_states(d ledger.account, c ledger.account, instructed boolean default false)
returns void
language plpgsql as $$
begin
  if d.state = 'closed' then perform judge.refuse('debit_account_closed'); end if;
  if c.state = 'closed' then perform judge.refuse('credit_account_closed'); end if;
  if not instructed and d.state = 'frozen' and d.side = 'credit' then
    perform judge.refuse('debit_account_frozen');
  end if;
  if c.state = 'frozen' and c.side = 'debit' then
    perform judge.refuse('credit_account_frozen');
  end if;
end $$;

-- A null limit makes the comparison null, which is no refusal.
create function judge.check_debit_funds(d ledger.account, amount numeric) returns void
language plpgsql as $$
begin
  if d.side = 'credit' and d.credits_posted::numeric - d.debits_posted - d.debits_pending
      + d.credit_limit < amount then
    perform judge.refuse('insufficient_funds');
  end if;
end $$;

create function judge.check_credit_funds(c ledger.account, amount numeric) returns void
language plpgsql as $$
begin
  if c.side = 'debit' and c.debits_posted::numeric - c.credits_posted - c.credits_pending
      + c.credit_limit < amount then
    perform judge.refuse('credit_account_overdrawn');
  end if;
end $$;

-- Changes ---------------------------------------------------------------------------------------

-- Locks in the order of numbers, as every path must, so that two requests cannot wait for each other.
create function judge.lock(b int, ids text[]) returns void language plpgsql as $$
begin
  perform 1 from ledger.account a
  where a.book_id = b and a.id = any (ids::uuid[]) order by a.number for update;
end $$;

create function judge.account(b int, id text) returns ledger.account language sql as $$
  select a.* from ledger.account a where a.book_id = b and a.id = account.id::uuid;
$$;

-- Adds to the counters of two accounts; pending amounts are negative to take back. What is posted and
-- what is pending must fit into one counter together, so that a release never overflows.
create function judge.move(
  b int, debit int, credit int, posted numeric, pending_debit numeric, pending_credit numeric
) returns void language plpgsql as $$
begin
  if exists (
    select from ledger.account a where a.book_id = b and a.number in (debit, credit) and (
      a.number = debit and
        a.debits_posted::numeric + posted + a.debits_pending + pending_debit > 9223372036854775807
      or a.number = credit and
        a.credits_posted::numeric + posted + a.credits_pending + pending_credit > 9223372036854775807)
  ) then
    perform judge.refuse('balance_too_large');
  end if;
  update ledger.account a
  set debits_posted = a.debits_posted + posted, debits_pending = a.debits_pending + pending_debit
  where a.book_id = b and a.number = debit;
  update ledger.account a
  set credits_posted = a.credits_posted + posted,
      credits_pending = a.credits_pending + pending_credit
  where a.book_id = b and a.number = credit;
end $$;

-- Writes the row of one leg after its accounts have moved; returns its number.
create function judge.write(
  b int, r jsonb, leg int, debit int, credit int, amount numeric, subject bigint, moment timestamptz
) returns bigint language plpgsql as $$
declare
  entry bigint;
begin
  update ledger.head h set last_id = h.last_id + 1, checkpoint_id = h.last_id + 1
  where h.book_id = b returning h.last_id into entry;
  insert into ledger.transfer (book_id, org_id, id, key, leg, type, debit, credit, amount,
    debit_after, credit_after, debit_prev, credit_prev, subject_id, booked_at, effective_at, purpose)
  select b, 1, entry, case when write.leg = 0 then (r->>'id')::uuid end, write.leg,
    array_position(array['post', 'hold', 'release', 'void', 'expire', 'reverse'], r->>'type') - 1,
    d.number, c.number, write.amount,
    d.debits_posted - d.credits_posted, c.debits_posted - c.credits_posted,
    d.last_entry, c.last_entry, subject, moment, judge.moment(r->>'effectiveAt'), r->>'purpose'
  from ledger.account d, ledger.account c
  where d.book_id = b and d.number = debit and c.book_id = b and c.number = credit;
  update ledger.account a set last_entry = entry, as_of_id = entry
  where a.book_id = b and a.number in (debit, credit);
  return entry;
end $$;

-- Posts leg by leg, each seeing what the ones before it did; returns the first number.
create function judge.post_legs(b int, r jsonb, legs jsonb, subject bigint, moment timestamptz)
returns bigint language plpgsql as $$
declare
  l record;
  d ledger.account;
  c ledger.account;
  number bigint;
  first_id bigint;
begin
  perform judge.lock(b, array(
    select e.id from jsonb_array_elements(legs) x(leg)
    cross join lateral (values (leg->>'debit'), (leg->>'credit')) e(id)));
  for l in
    select leg->>'debit' as debit, leg->>'credit' as credit, (leg->>'amount')::numeric as amount,
      (n - 1)::int as leg
    from jsonb_array_elements(legs) with ordinality x(leg, n) order by n
  loop
    d := judge.account(b, l.debit);
    c := judge.account(b, l.credit);
    perform judge.check_states(d, c);
    perform judge.check_debit_funds(d, l.amount);
    perform judge.check_credit_funds(c, l.amount);
    perform judge.move(b, d.number, c.number, l.amount, 0, 0);
    number := judge.write(b, r, l.leg, d.number, c.number, l.amount, subject, moment);
    first_id := coalesce(first_id, number);
  end loop;
  return first_id;
end $$;

-- Decisions by type -----------------------------------------------------------------------------

create function judge.post(b int, r jsonb, moment timestamptz) returns bigint
language plpgsql as $$
begin
  perform judge.check_count(r->'legs');
  perform judge.check_legs(b, r->'legs', true, true);
  perform judge.check_time(b, r, moment);
  return judge.post_legs(b, r, r->'legs', null, moment);
end $$;

create function judge.hold(b int, r jsonb, moment timestamptz) returns bigint
language plpgsql as $$
declare
  amount numeric := (r->>'amount')::numeric;
  d ledger.account;
  c ledger.account;
  number bigint;
begin
  perform judge.check_legs(b, jsonb_build_array(r), true, true);
  perform judge.check_time(b, r, moment);
  if judge.moment(r->>'expiresAt') <= moment then perform judge.refuse('hold_expired'); end if;
  perform judge.lock(b, array[r->>'debit', r->>'credit']);
  d := judge.account(b, r->>'debit');
  c := judge.account(b, r->>'credit');
  perform judge.check_states(d, c);
  perform judge.check_debit_funds(d, amount);
  perform judge.check_credit_funds(c, amount);
  perform judge.move(b, d.number, c.number, 0, amount, amount);
  number := judge.write(b, r, 0, d.number, c.number, amount, null, moment);
  insert into ledger.hold (book_id, org_id, id, key, debit, credit, amount, remaining, state,
    expires_at, pinned)
  values (b, 1, number, (r->>'id')::uuid, d.number, c.number, amount, amount, 'open',
    judge.moment(r->>'expiresAt'), coalesce((r->>'pinned')::boolean, false));
  return number;
end $$;

create function judge.release(b int, r jsonb, moment timestamptz) returns bigint
language plpgsql as $$
declare
  h ledger.hold;
  legs jsonb;
  total numeric;
  l record;
  d ledger.account;
  c ledger.account;
  number bigint;
  first_id bigint;
begin
  if r ? 'parts' then
    perform judge.check_count(r->'parts');
    perform judge.check_legs(b, r->'parts', true, false);
  end if;
  perform judge.check_time(b, r, moment);
  h := judge.hold_for(b, r);
  if judge.is_past(h, moment) then perform judge.refuse('hold_expired'); end if;
  select jsonb_agg(jsonb_build_object('debit', judge.hex(da.id),
      'credit', coalesce(x.part->>'credit', judge.hex(ca.id)), 'amount', x.part->>'amount'
    ) order by x.n), sum((x.part->>'amount')::numeric)
  into legs, total
  from ledger.account da, ledger.account ca,
    jsonb_array_elements(coalesce(r->'parts',
      jsonb_build_array(jsonb_build_object('amount', h.remaining::text)))) with ordinality x(part, n)
  where da.book_id = b and da.number = h.debit and ca.book_id = b and ca.number = h.credit;
  perform judge.check_legs(b, legs, false, true);
  if total > h.remaining then perform judge.refuse('release_exceeds_hold'); end if;
  perform judge.lock(b, array(
    select e.id from jsonb_array_elements(legs) x(leg)
    cross join lateral (values (leg->>'debit'), (leg->>'credit')) e(id)));

  perform judge.move(b, h.debit, h.credit, 0, -total, -total);
  update ledger.hold x
  set remaining = x.remaining - total,
      state = case when x.remaining = total then 'released' else 'open' end
  where x.book_id = b and x.id = h.id;
  for l in
    select leg->>'debit' as debit, leg->>'credit' as credit, (leg->>'amount')::numeric as amount,
      (n - 1)::int as leg
    from jsonb_array_elements(legs) with ordinality x(leg, n) order by n
  loop
    d := judge.account(b, l.debit);
    c := judge.account(b, l.credit);
    perform judge.check_states(d, c, h.pinned);
    -- The debit account's money was reserved by the hold.
    perform judge.check_credit_funds(c, l.amount);
    perform judge.move(b, d.number, c.number, l.amount, 0, 0);
    number := judge.write(b, r, l.leg, d.number, c.number, l.amount, h.id, moment);
    first_id := coalesce(first_id, number);
  end loop;
  return first_id;
end $$;

create function judge.give_back(b int, r jsonb, h ledger.hold, ended text, moment timestamptz)
returns bigint language plpgsql as $$
begin
  perform judge.move(b, h.debit, h.credit, 0, -h.remaining, -h.remaining);
  update ledger.hold x set remaining = 0, state = ended where x.book_id = b and x.id = h.id;
  return judge.write(b, r, 0, h.debit, h.credit, h.remaining, h.id, moment);
end $$;

create function judge.void(b int, r jsonb, moment timestamptz) returns bigint
language plpgsql as $$
declare
  h ledger.hold;
begin
  perform judge.check_time(b, r, moment);
  h := judge.hold_for(b, r);
  if judge.is_past(h, moment) then perform judge.refuse('hold_expired'); end if;
  return judge.give_back(b, r, h, 'voided', moment);
end $$;

create function judge.expire(b int, r jsonb, moment timestamptz) returns bigint
language plpgsql as $$
declare
  h ledger.hold;
begin
  perform judge.check_time(b, r, moment);
  h := judge.hold_for(b, r);
  if not judge.is_past(h, moment) then perform judge.refuse('hold_not_expired'); end if;
  return judge.give_back(b, r, h, 'expired', moment);
end $$;

create function judge.reverse(b int, r jsonb, moment timestamptz) returns bigint
language plpgsql as $$
declare
  subject bigint := judge.number_of(b, (r->>'subject')::uuid);
  subject_type int;
  mirror jsonb;
  number bigint;
begin
  perform judge.check_time(b, r, moment);
  if subject is null then perform judge.refuse('transfer_not_found'); end if;
  select t.type into subject_type from ledger.transfer t where t.book_id = b and t.id = subject;
  if subject_type not in (0, 2) then perform judge.refuse('transfer_not_reversible'); end if;
  if exists (select from ledger.reversal x where x.book_id = b and x.subject_id = subject) then
    perform judge.refuse('already_reversed');
  end if;
  select jsonb_agg(jsonb_build_object('debit', judge.hex(c.id), 'credit', judge.hex(d.id),
    'amount', t.amount::text) order by t.id desc) into mirror
  from judge.legs_of(b, subject) t
  join ledger.account d on d.book_id = b and d.number = t.debit
  join ledger.account c on c.book_id = b and c.number = t.credit;
  number := judge.post_legs(b, r, mirror, subject, moment);
  insert into ledger.reversal (book_id, org_id, subject_id, reversal_id)
  values (b, 1, subject, number);
  return number;
end $$;

create function judge.decide(b int, r jsonb, moment timestamptz) returns bigint
language plpgsql as $$
begin
  case r->>'type'
    when 'post' then return judge.post(b, r, moment);
    when 'hold' then return judge.hold(b, r, moment);
    when 'release' then return judge.release(b, r, moment);
    when 'void' then return judge.void(b, r, moment);
    when 'expire' then return judge.expire(b, r, moment);
    when 'reverse' then return judge.reverse(b, r, moment);
  end case;
end $$;

-- Steps -----------------------------------------------------------------------------------------

-- What is known of the ids of a request; null when all are new. A command of which some ids are
-- taken, and none of those refused, is another command.
create function judge.known_all(b int, requests jsonb) returns jsonb language plpgsql stable as $$
declare
  answers jsonb;
  refused jsonb;
  new_ids bigint;
  first_known bigint;
begin
  select jsonb_agg(k.answer order by x.n) filter (where k.answer is not null),
    count(*) filter (where k.answer is null),
    min(x.n - 1) filter (where k.answer is not null),
    (array_agg(k.answer || jsonb_build_object('at', x.n - 1) order by x.n)
      filter (where k.answer->>'status' = 'refused'))[1]
  into answers, new_ids, first_known, refused
  from jsonb_array_elements(requests) with ordinality x(r, n)
  cross join lateral judge.known(b, x.r) k(answer);
  if answers is null then return null; end if;
  if refused is not null then return jsonb_build_array(refused); end if;
  if new_ids = 0 then return answers; end if;
  return jsonb_build_array(
    judge.refused('exists_with_different_legs', false) || jsonb_build_object('at', first_known));
end $$;

-- Several transfers, all or none: the answer of each, or that of the refused one alone with its
-- place.
create function judge.transfers(b int, requests jsonb, clock timestamptz) returns jsonb
language plpgsql as $$
declare
  moment timestamptz;
  x record;
  first_id bigint;
  answers jsonb;
begin
  select greatest(clock, h.sealed_at) into moment from ledger.head h where h.book_id = b for update;
  answers := judge.known_all(b, requests);
  if answers is not null then return answers; end if;
  answers := '[]';
  begin
    for x in select e as r, n - 1 as at from jsonb_array_elements(requests) with ordinality y(e, n)
      order by n
    loop
      first_id := judge.decide(b, x.r, moment);
      answers := answers || judge.accepted(b, first_id, false);
    end loop;
    perform judge.seal(b, moment);
  exception when sqlstate 'JR001' then
    perform judge.seal(b, moment);
    insert into ledger.refused (book_id, org_id, key, seq, position, after_id, code, request, at)
    select b, 1, (x.r->>'id')::uuid, h.seq, 0, h.last_id, sqlerrm, x.r, moment
    from ledger.head h where h.book_id = b;
    answers := jsonb_build_array(
      judge.refused(sqlerrm, false) || jsonb_build_object('at', x.at));
  end;
  return answers;
end $$;

-- Time does not run back behind what is written.
create function judge.seal(b int, moment timestamptz) returns void language sql as $$
  update ledger.head h set seq = h.seq + 1, sealed_at = moment where h.book_id = b;
$$;

create function judge.step(b int, step jsonb, clock timestamptz) returns jsonb
language plpgsql as $$
begin
  case step->>'do'
    when 'transfer' then
      return judge.transfers(b, jsonb_build_array(step->'request'), clock);
    when 'command' then
      return judge.transfers(b, step->'transfers', clock);
    when 'change' then
      update ledger.account a set state = step->>'state'
      where a.book_id = b and a.id = (step->>'account')::uuid;
    when 'close' then
      update ledger.book k set closed_before = judge.moment(step->>'before') where k.book_id = b;
    when 'pin' then
      update ledger.hold h set pinned = (step->>'pinned')::boolean
      where h.book_id = b and h.key = (step->>'hold')::uuid;
  end case;
  perform judge.seal(b, greatest(clock, h.sealed_at)) from ledger.head h where h.book_id = b;
  return '[]';
end $$;

-- Balances and holds of the accounts and holds asked for. Volatile, so that beside a step in one
-- statement it sees what the step did.
create function judge.picture(b int, accounts text[], holds text[]) returns jsonb
language sql volatile as $$
  select jsonb_build_object(
    'balances', (
      select jsonb_agg(jsonb_build_array(a.debits_posted::text, a.credits_posted::text,
        a.debits_pending::text, a.credits_pending::text) order by x.n)
      from unnest(accounts) with ordinality x(id, n)
      join ledger.account a on a.book_id = b and a.id = x.id::uuid),
    'holds', (
      select coalesce(jsonb_agg(jsonb_build_array(judge.hex(h.key), h.remaining::text, h.state,
        h.pinned) order by h.id), '[]')
      from ledger.hold h where h.book_id = b and h.key = any (holds::uuid[])));
$$;
