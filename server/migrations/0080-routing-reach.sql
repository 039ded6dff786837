-- Who reads the rules and channels: one set routes for all.

select base.set_reach('routing.rule_set', 'shared', 'one set of rules routes for all');
select base.set_reach('routing.activation', 'shared', 'one set of rules routes for all');
select base.set_reach('routing.channel', 'shared', 'channels are the installation''s');
select base.set_reach('routing.observation', 'server', 'attempts of all together');
select base.set_reach('routing.learnt_permission', 'shared', 'channels are the installation''s');
