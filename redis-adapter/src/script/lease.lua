-- One call of one member: it says what became of its permits and asks for more.
-- `raw` is the server's clock in microseconds. All quantities are whole numbers below
-- 2^53, which Lua's doubles hold exactly. The invariant, for each rule and at any time:
--   units that may still be taken + units that members hold <= the rule's capacity
-- so that a held permit takes up room until it is known to be used, given back, or
-- too old to be usable. docs/FLEET.md has the argument.

local state_key, members_key, leases_key = KEYS[1], KEYS[2], KEYS[3]
local present_key, waiting_key, hold_key = KEYS[4], KEYS[5], KEYS[6]
local me, call = ARGV[1], tonumber(ARGV[2])
local validity, presence, grace = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local known_epoch, known_seq, expects = ARGV[6], tonumber(ARGV[7]), ARGV[8] == '1'
local hold_ms, leaves, count = tonumber(ARGV[9]), ARGV[10] == '1', tonumber(ARGV[11])
local FLOOR = -2 ^ 52
-- Served units are compared as parts of a capacity, so that rules of any size compare.
local WHOLE = 1000000
local FIRST, WIDTH = 12, 12

-- Redis before 7 would write a large number with 14 digits.
local function int(x) return string.format('%.0f', x) end

local rules, signature = {}, {}
for i = 1, count do
  local at = FIRST + (i - 1) * WIDTH
  local n = {}
  for j = 1, WIDTH - 1 do n[j] = tonumber(ARGV[at + j]) end
  rules[i] = {
    kind = ARGV[at], cap = n[1], a = n[2], b = n[3], log = KEYS[6 + i],
    spent = n[4], back = n[5], adjusted = n[6], adjusted_known = n[7],
    fallen = n[8], fallen_known = n[9], need = n[10], want = n[11],
  }
  signature[i] = ARGV[at] .. ' ' .. ARGV[at + 1] .. ' ' .. ARGV[at + 2] .. ' ' .. ARGV[at + 3]
end
signature = table.concat(signature, ',')

local s = {}
local flat = redis.call('HGETALL', state_key)
for i = 1, #flat, 2 do s[flat[i]] = flat[i + 1] end
local function stored(field) return tonumber(s[field]) or 0 end

-- Time never goes back here, whatever the server's clock does.
local skew = stored('skew')
local last = stored('t')
if s.t and raw + skew < last then skew = last - raw end
local now = raw + skew

-- What this member knows must still be there: if not, or if it went back, then some
-- permits are out that nobody counts any more.
local lost = expects and (s.epoch == nil
  or (s.epoch ~= known_epoch and s.cold ~= '1')
  or (s.epoch == known_epoch and stored('seq') < known_seq))
-- A Redis that evicts takes keys one by one.
if s.epoch ~= nil then
  local known = stored('m')
  lost = lost or redis.call('HLEN', members_key) ~= known
    or redis.call('ZCARD', leases_key) ~= known
  for i = 1, count do
    lost = lost or rules[i].kind == 'sliding' and stored('l' .. i) > 0
      and redis.call('LLEN', rules[i].log) == 0
  end
end
local changed = s.epoch ~= nil and s.signature ~= signature
if changed then
  local kinds = {}
  for kind in string.gmatch(s.signature .. ',', '(%a+) [^,]*,') do kinds[#kinds + 1] = kind end
  local same = #kinds == count
  for i = 1, count do same = same and kinds[i] == rules[i].kind end
  lost = lost or not same
end

local frozen = stored('frozen')
local epoch = s.epoch
local virtual = stored('v')
if lost then
  redis.call('DEL', members_key, leases_key, waiting_key)
  for i = 1, count do redis.call('DEL', rules[i].log) end
  epoch = nil
  frozen = now + validity
end
local is_new = epoch == nil
if is_new then epoch = int(now) .. ':' .. me end

local function append(rule, units)
  if units <= 0 then return end
  rule.logged = rule.logged + units
  local tail = redis.call('LINDEX', rule.log, -1)
  if tail then
    local time, old = string.match(tail, '(%d+):(%d+)')
    -- Counted from the later time on: at most one step too long.
    if tonumber(time) > now - rule.b then
      redis.call('LSET', rule.log, -1, int(now) .. ':' .. int(old + units))
      return
    end
  end
  redis.call('RPUSH', rule.log, int(now) .. ':' .. int(units))
end

-- Takes up to `units` out of the newest entries.
local function unlog(rule, units)
  for _ = 1, 8 do
    if units <= 0 then return end
    local tail = redis.call('RPOP', rule.log)
    if not tail then return end
    local time, old = string.match(tail, '(%d+):(%d+)')
    local taken = math.min(units, tonumber(old))
    rule.logged = rule.logged - taken
    units = units - taken
    if tonumber(old) > taken then
      redis.call('RPUSH', rule.log, time .. ':' .. int(old - taken))
      return
    end
  end
end

for i = 1, count do
  local rule = rules[i]
  rule.out = is_new and 0 or stored('o' .. i)
  if rule.kind == 'bucket' then
    local full = rule.cap * rule.a
    if is_new then
      rule.level = lost and 0 or full
    else
      rule.level = stored('l' .. i)
      local unit = stored('u' .. i)
      if unit ~= rule.a and unit > 0 then
        rule.level = math.floor(rule.level / unit * rule.a)
      end
    end
  elseif rule.kind == 'sliding' then
    rule.logged = is_new and 0 or stored('l' .. i)
    if lost then
      -- What was sent is not known: the last window counts as used evenly.
      local parts = math.min(rule.cap, 64)
      for part = 1, parts do
        local units = math.floor(rule.cap * part / parts) - math.floor(rule.cap * (part - 1) / parts)
        local time = now - rule.a + math.floor(rule.a * part / parts)
        redis.call('RPUSH', rule.log, int(time) .. ':' .. int(units))
      end
      rule.logged = rule.cap
    end
    while true do
      local head = redis.call('LINDEX', rule.log, 0)
      if not head then
        rule.logged = 0
        break
      end
      local time, units = string.match(head, '(%d+):(%d+)')
      if tonumber(time) + rule.a > now then break end
      redis.call('LPOP', rule.log)
      rule.logged = rule.logged - units
    end
  else
    rule.window = math.floor(raw / rule.a)
    rule.logged = 0
    if not is_new then
      local window = stored('w' .. i)
      if rule.window <= window then
        rule.window = window
        rule.logged = stored('l' .. i)
      end
    elseif lost then
      rule.logged = rule.cap
    end
  end
end

-- Refills up to what is not held by members, from when it was not frozen.
local refilled = is_new and now or last
local function refill(till)
  local since = till - math.max(refilled, frozen)
  refilled = math.max(refilled, till)
  for i = 1, count do
    local rule = rules[i]
    if rule.kind == 'bucket' and since > 0 then
      local room = (rule.cap - rule.out) * rule.a
      if since > (room - rule.level) / rule.b then
        rule.level = math.max(rule.level, room)
      else
        rule.level = math.min(room, rule.level + since * rule.b)
      end
    end
  end
end

-- Sent, and no more held.
local function use(rule, units)
  if units <= 0 then return end
  if rule.kind == 'sliding' then
    append(rule, units)
  elseif rule.kind == 'fixed' then
    rule.logged = rule.logged + units
  end
end

local function unpack_record(text)
  local n = {}
  for word in string.gmatch(text, '%S+') do n[#n + 1] = tonumber(word) end
  local record = { call = n[1], v = n[2], till = n[3] }
  for i = 1, count do
    local at = 3 + (i - 1) * 7
    record[i] = {
      granted = n[at + 1] or 0, spent = n[at + 2] or 0, back = n[at + 3] or 0,
      adjusted = n[at + 4] or 0, fallen = n[at + 5] or 0,
      need = n[at + 6] or 0, want = n[at + 7] or 0,
    }
  end
  return record
end

local function held(part)
  return math.max(0, part.granted - part.spent - part.back)
end

-- Permits of members that were not heard of, or left, are not usable any more.
local function count_as_used(record)
  for i = 1, count do
    local units = held(record[i])
    rules[i].out = math.max(0, rules[i].out - units)
    use(rules[i], units)
  end
end

local old =
  redis.call('ZRANGEBYSCORE', leases_key, '-inf', '(' .. int(now), 'WITHSCORES', 'LIMIT', 0, 32)
for i = 1, #old, 2 do
  local id = old[i]
  local text = redis.call('HGET', members_key, id)
  refill(math.min(now, tonumber(old[i + 1])))
  if text then
    count_as_used(unpack_record(text))
    redis.call('HDEL', members_key, id)
  end
  redis.call('ZREM', leases_key, id)
  redis.call('ZREM', waiting_key, id)
end
refill(now)

-- What this member did since its last call.
local text = redis.call('HGET', members_key, me)
local record = text and unpack_record(text)
local stale = record and call <= record.call
if not record then
  record = { call = 0, v = 0, till = 0 }
  for i = 1, count do
    local rule = rules[i]
    record[i] = {
      granted = rule.spent + rule.back, spent = rule.spent, back = rule.back,
      -- An answer may have been lost: what may count twice counts only against us.
      adjusted = math.min(rule.adjusted, rule.adjusted_known), fallen = rule.fallen_known,
      need = 0, want = 0,
    }
  end
end
if not stale then
  record.call = call
  for i = 1, count do
    local rule, part = rules[i], record[i]
    local before = held(part)
    local sent = math.max(0, rule.spent - part.spent)
    part.spent = math.max(part.spent, rule.spent)
    local returned = math.max(0, rule.back - part.back)
    part.back = math.max(part.back, rule.back)
    local over = math.max(0, sent + returned - before)
    part.granted = math.max(part.granted, part.spent + part.back)
    rule.out = math.max(0, rule.out - (before - held(part)))
    use(rule, sent)
    local adjust, fallen = rule.adjusted - part.adjusted, math.max(0, rule.fallen - part.fallen)
    part.adjusted = rule.adjusted
    part.fallen = math.max(part.fallen, rule.fallen)
    if rule.kind == 'bucket' then
      -- What went back was room that it took up, so there is room for it.
      local level = rule.level + (math.min(returned, before) - math.min(over, sent)) * rule.a
      level = math.max(FLOOR, level - adjust * rule.a)
      level = math.min(level, math.max(rule.level, rule.cap * rule.a - rule.out * rule.a))
      -- What was sent without Redis was paced by itself: it leaves no debt.
      rule.level = math.max(math.min(level, 0), level - math.min(fallen, 2 ^ 32) * rule.a)
    elseif rule.kind == 'sliding' then
      append(rule, math.max(0, adjust) + math.min(fallen, rule.cap))
      if adjust < 0 then unlog(rule, -adjust) end
    else
      rule.logged = math.max(0, rule.logged + adjust) + math.min(fallen, rule.cap)
    end
  end
end

-- A wait that the API asked one member for; the longest holds, and none is shortened.
local pttl = redis.call('PTTL', hold_key)
if hold_ms > 0 and hold_ms > pttl then
  redis.call('SET', hold_key, '1', 'PX', int(hold_ms))
  pttl = hold_ms
  frozen = math.max(frozen, now + hold_ms * 1000)
  for i = 1, count do
    -- The API knows better what is left: nothing. So nobody bursts when it is over.
    if rules[i].kind == 'bucket' then rules[i].level = math.min(rules[i].level, 0) end
  end
end
local holding = math.max(0, pttl)

local function available(rule)
  if now < frozen then return 0 end
  if rule.kind == 'bucket' then return math.floor(rule.level / rule.a) end
  return rule.cap - rule.logged - rule.out
end

-- Who waits and was served less comes first, however seldom it asks (start-time fair
-- queueing). Who was away begins with the others; who came back in time keeps what it
-- was behind, up to a quarter of a capacity.
record.v = math.max(record.v, virtual - (record.till >= now and WHOLE / 4 or 0))
local wants, ready = false, true
local reserved = {}
for i = 1, count do
  reserved[i] = 0
  wants = wants or rules[i].want > 0 or rules[i].need > 0
end
if wants then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', waiting_key, '-inf', '(' .. int(record.v), 'LIMIT', 0, 16)) do
    local other = id ~= me and redis.call('HGET', members_key, id)
    if other then
      other = unpack_record(other)
      if other.till < now then
        redis.call('ZREM', waiting_key, id)
      else
        for i = 1, count do
          local due = math.ceil((record.v - other.v) * rules[i].cap / WHOLE)
          local claim = math.max(other[i].need, math.min(other[i].want, due))
          reserved[i] = math.min(rules[i].cap - rules[i].need, reserved[i] + claim)
        end
      end
    end
  end
end

local retry = 0
for i = 1, count do
  local rule = rules[i]
  local short = rule.need + reserved[i] - available(rule)
  if rule.need > 0 and short > 0 then
    ready = false
    local wait
    if rule.kind == 'bucket' then
      local wanted, room = rule.need + reserved[i], rule.cap - rule.out
      local refill = (math.min(wanted, room) * rule.a - rule.level) / rule.b
      -- Others hold what is missing: it comes back soon, or grows too old.
      if wanted > room then refill = math.max(refill, validity / 64) end
      wait = math.max(0, frozen - now) + math.max(0, math.ceil(refill))
    elseif rule.kind == 'sliding' then
      wait = validity / 64
      for _, entry in ipairs(redis.call('LRANGE', rule.log, 0, 31)) do
        if short <= 0 then break end
        local time, units = string.match(entry, '(%d+):(%d+)')
        short = short - units
        wait = time + rule.a - now
      end
      wait = math.max(wait, frozen - now)
    else
      local blocked = rule.need + reserved[i] > rule.cap - rule.out
      wait = blocked and validity / 64 or (rule.window + 1) * rule.a - raw
    end
    retry = math.max(retry, math.ceil(wait))
  end
end

local served, unmet = 0, false
for i = 1, count do
  local rule, part = rules[i], record[i]
  local give = 0
  if ready and not stale and not leaves then
    give = math.max(0, math.min(math.max(rule.want, rule.need), available(rule) - reserved[i]))
    part.granted = part.granted + give
    rule.out = rule.out + give
    if rule.kind == 'bucket' then rule.level = rule.level - give * rule.a end
    served = math.max(served, math.ceil(give * WHOLE / rule.cap))
  end
  part.need = math.max(0, rule.need - give)
  part.want = math.max(0, math.max(rule.want, rule.need) - give)
  unmet = unmet or part.want > 0
end
if served > 0 then
  virtual = math.max(virtual, record.v)
  record.v = record.v + served
end

-- How long any of this matters; and a minute, so that who was answered in that time knows
-- that it was lost and not merely old.
local ttl = math.max(60 * 1000000, validity + math.max(0, frozen - now))
for i = 1, count do
  local rule = rules[i]
  if rule.kind == 'bucket' then
    ttl = math.max(ttl, validity + math.ceil((rule.cap * rule.a - rule.level) / rule.b) + math.max(0, frozen - now))
  else
    ttl = math.max(ttl, validity + rule.a)
  end
end
local ttl_ms = math.ceil(ttl / 1000) + 1000

if leaves then
  count_as_used(record)
  redis.call('HDEL', members_key, me)
  redis.call('ZREM', leases_key, me)
  redis.call('ZREM', waiting_key, me)
  redis.call('ZREM', present_key, me)
elseif not stale then
  record.till = now + retry + grace
  local words = { int(record.call), int(record.v), int(record.till) }
  for i = 1, count do
    local part = record[i]
    for _, field in ipairs({ 'granted', 'spent', 'back', 'adjusted', 'fallen', 'need', 'want' }) do
      words[#words + 1] = int(part[field])
    end
  end
  redis.call('HSET', members_key, me, table.concat(words, ' '))
  redis.call('ZADD', leases_key, int(now + validity), me)
  redis.call('ZADD', present_key, int(now + presence), me)
  if wants and unmet then
    redis.call('ZADD', waiting_key, int(record.v), me)
  else
    redis.call('ZREM', waiting_key, me)
  end
end
redis.call('ZREMRANGEBYSCORE', present_key, '-inf', '(' .. int(now))

local seq = (is_new and 0 or stored('seq')) + 1
local fields = {
  'epoch', epoch, 'seq', int(seq), 't', int(now), 'skew', int(skew), 'frozen', int(frozen),
  'v', int(virtual), 'signature', signature, 'm', redis.call('HLEN', members_key),
}
if lost then
  fields[#fields + 1] = 'cold'
  fields[#fields + 1] = '1'
end
for i = 1, count do
  local rule = rules[i]
  fields[#fields + 1] = 'o' .. i
  fields[#fields + 1] = int(rule.out)
  fields[#fields + 1] = 'l' .. i
  fields[#fields + 1] = int(rule.level or rule.logged)
  if rule.kind == 'bucket' then
    fields[#fields + 1] = 'u' .. i
    fields[#fields + 1] = int(rule.a)
  elseif rule.kind == 'fixed' then
    fields[#fields + 1] = 'w' .. i
    fields[#fields + 1] = int(rule.window)
  end
end
redis.call('HSET', state_key, unpack(fields))
for _, key in ipairs({ state_key, members_key, leases_key, waiting_key }) do
  redis.call('PEXPIRE', key, int(ttl_ms))
end
redis.call('PEXPIRE', present_key, int(math.ceil(presence / 1000)))
for i = 1, count do
  if rules[i].kind == 'sliding' then redis.call('PEXPIRE', rules[i].log, int(ttl_ms)) end
end

local reply = {
  epoch, seq, redis.call('ZCARD', present_key), redis.call('ZCARD', waiting_key),
  holding, retry, ttl_ms, lost and 1 or 0, changed and 1 or 0,
}
for i = 1, count do reply[#reply + 1] = record[i].granted end
return reply
