-- Who reads the lists of codes: they mean the same for every organisation; the inbox names attempts of others.

select base.set_reach('codes.version', 'shared', 'response codes mean the same for all');
select base.set_reach('codes.entry', 'shared', 'response codes mean the same for all');
select base.set_reach('codes.inbox', 'server', 'samples name attempts of others');
