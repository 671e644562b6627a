/**
 * What Redis does at once for a charge, in Lua. KEYS[1] is the charge. ARGV: prefix of all keys, what to do,
 * the charge and the limits as JSON, milliseconds that a charge is remembered, seconds that its day is.
 */
export const chargeScript = `
local prefix, action = ARGV[1], ARGV[2]
local given, limits = cjson.decode(ARGV[3]), cjson.decode(ARGV[4])
local memory, days = ARGV[5], ARGV[6]

local function read()
  local flat, row = redis.call('HGETALL', KEYS[1]), {}
  for at = 1, #flat, 2 do row[flat[at]] = flat[at + 1] end
  return #flat > 0 and row or nil
end

-- Adds a charge to the sums of its day, or takes it out of them.
local function count(row, sign)
  local amount = tonumber(row.amount)
  local totals, spent = prefix .. ':totals:' .. row.day, prefix .. ':spent:' .. row.day
  local group = cjson.encode({row.plugin, row.model, row.caller, row.currency})
  local function add(name, value)
    redis.call('HINCRBYFLOAT', totals, name .. ' ' .. group, sign * value)
  end
  add('calls', 1)
  if not amount then add('unpriced', 1) end
  if amount then add('amount', amount) end
  if amount and row.state == 'reserved' then add('reserved', amount) end
  if amount and row.currency == 'USD' then
    redis.call('HINCRBYFLOAT', spent, 'all', sign * amount)
    redis.call('HINCRBYFLOAT', spent, 'of ' .. row.caller, sign * amount)
  end
  redis.call('SADD', prefix .. ':days', row.day)
  redis.call('EXPIRE', totals, days)
  redis.call('EXPIRE', spent, days)
end

local function write(row)
  count(row, 1)
  for name, value in pairs(row) do redis.call('HSET', KEYS[1], name, value) end
  redis.call('PEXPIRE', KEYS[1], memory)
end

local known = read()
local prices = prefix .. ':prices:' .. cjson.encode({given.plugin, given.model})

if action == 'reserve' then
  if known then return {'reserved'} end
  local amount = tonumber(given.amount)
  if not amount then
    for _, price in ipairs(redis.call('LRANGE', prices, 0, -1)) do
      amount = math.max(amount or 0, tonumber(price) * given.images)
    end
  end
  if #limits > 0 and not amount then return {'unknown'} end
  for place, limit in ipairs(limits) do
    local name = limit.caller == cjson.null and 'all' or 'of ' .. limit.caller
    local spent = tonumber(redis.call('HGET', prefix .. ':spent:' .. given.day, name) or 0)
    if amount and spent + amount > limit.dollars + 1e-9 then
      return {'spent', place, string.format('%.17g', spent), string.format('%.17g', amount)}
    end
  end
  given.amount = amount and string.format('%.17g', amount) or ''
  given.state = 'reserved'
  write(given)
  return {'reserved'}
end

if action == 'release' then
  if known and known.state == 'reserved' then
    count(known, -1)
    redis.call('DEL', KEYS[1])
  end
  return {}
end

-- What it has cost; without a price, what was set aside stays.
local row = known or given
if known then count(known, -1) end
if given.amount ~= '' then row.amount = given.amount end
row.state, row.currency = 'booked', given.currency
write(row)
if row.currency == 'USD' and row.amount ~= '' then
  redis.call('LPUSH', prices, string.format('%.17g', row.amount / row.images))
  redis.call('LTRIM', prices, 0, 99)
  redis.call('EXPIRE', prices, days)
end
return {}`;
