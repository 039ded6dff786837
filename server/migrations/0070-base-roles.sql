-- A second wall between organisations: readers of one see its rows only, whatever a query forgets. And the key of the replicas.

-- The servers of one database prove to each other by it who sent a request they forward.
create table base.cluster_key (
  one boolean primary key default true check (one),
  key bytea not null check (length(key) = 32)
);

-- Tables without org_id, and those whose rows are secrets: a table that is neither walled nor named here
-- fails a test. `shared`: every organisation reads the same. `server`: no reader of one gets in at all.
create table base.table_reach (
  relation text primary key,
  reach text not null check (reach in ('shared', 'server')),
  why text not null
);

insert into base.table_reach (relation, reach, why) values
  ('base.cluster_key', 'server', 'a secret'),
  ('base.migration', 'server', 'of the installation'),
  ('base.migration_checksum', 'server', 'of the installation'),
  ('base.outbox_cursor', 'server', 'positions of subscribers'),
  ('base.outbox_held', 'server', 'positions of subscribers'),
  ('base.personal_key', 'server', 'which keys there are'),
  ('base.table_reach', 'server', 'this list');

-- How a module says who reads a table of its own that has no org_id, or whose rows are secrets.
create function base.set_reach(relation text, reach text, why text) returns void
language sql set search_path = pg_catalog as $$
  insert into base.table_reach (relation, reach, why) values (relation, reach, why)
$$;

revoke all on function base.set_reach(text, text, text) from public;

-- Every table of a module, but partitions: those are reached through their table, whose policy holds.
create view base.module_table as
select c.oid as id, c.relowner as owner, n.nspname as schema, format('%I.%I', n.nspname, c.relname) as relation,
  exists (
    select from pg_attribute a
    where a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped
  ) as has_org
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition
  and n.nspname <> 'public' and n.nspname <> 'information_schema' and n.nspname not like 'pg\_%';

-- Puts up the wall where it is missing; run after every migration run, and any number of times. The
-- owner of a table is not held by its policies: what writes is the server, whose effects name books.
-- A table that is another role's stays as that role made it: nobody reads it for an organisation.
create function base.wall_off() returns void
language plpgsql set search_path = pg_catalog as $$
declare
  each record;
begin
  for each in
    select t.id, t.schema, t.relation, t.has_org, r.reach is distinct from 'server' as is_read
    from base.module_table t left join base.table_reach r using (relation)
    where (t.has_org or r.reach = 'shared') and pg_has_role(t.owner, 'usage')
  loop
    if each.is_read and not has_schema_privilege('tenon_reader', each.schema, 'usage') then
      execute format('grant usage on schema %I to tenon_reader', each.schema);
    end if;
    if each.has_org and not (select relrowsecurity from pg_class where oid = each.id) then
      execute format('alter table %s enable row level security', each.relation);
    end if;
    if each.has_org and not exists (
      select from pg_policy where polrelid = each.id and polname = 'of_organisation'
    ) then
      execute format(
        'create policy of_organisation on %s for select to tenon_reader
           using (org_id = nullif(current_setting(''tenon.org_id'', true), '''')::int)',
        each.relation);
    end if;
    if each.is_read and not has_table_privilege('tenon_reader', each.id, 'select') then
      execute format('grant select on %s to tenon_reader', each.relation);
    end if;
  end loop;
end $$;

revoke all on function base.wall_off() from public;
