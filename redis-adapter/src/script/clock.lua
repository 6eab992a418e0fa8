-- The clock of the server alone: the clocks of the members are not asked.
local time = redis.call('TIME')
local raw = time[1] * 1000000 + time[2]
