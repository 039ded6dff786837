-- Nobody reads the counts for one organisation: they are of attempts of all together.

select base.set_reach('quality.arrival', 'server', 'attempts of all together');
select base.set_reach('quality.fold', 'server', 'attempts of all together');
select base.set_reach('quality.ending', 'server', 'attempts of all together');
select base.set_reach('quality.segment', 'server', 'attempts of all together');
select base.set_reach('quality.attempt', 'server', 'attempts of all together');
select base.set_reach('quality.day', 'server', 'attempts of all together');
select base.set_reach('quality.day_moved', 'server', 'attempts of all together');
select base.set_reach('quality.hour', 'server', 'attempts of all together');
