-- One step of the tail: refuse, or append, overwrite, trim, claim and ring, all at once. Contract: live::push.
-- KEYS: items, meta, owner, bell.
-- ARGV: me, life in ms, epoch, line, prev, tip of prev, anew (0 or 1), trim, n; then n times: chain, voids, entry.
-- Answers {word, epoch, base, top, tip} as they stand afterwards.
local ITEMS, META, OWNER, BELL = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local me, epoch, tip = ARGV[1], ARGV[3], ARGV[6]
local prev, trim, n = tonumber(ARGV[5]), tonumber(ARGV[8]), tonumber(ARGV[9])
local anew = ARGV[7] == '1'

local found = redis.call('HMGET', META, 'epoch', 'base', 'top', 'tip')
local tail_epoch, tail_tip = found[1] or '', found[4] or ''
local base, top = tonumber(found[2] or 0), tonumber(found[3] or 0)

local function answer(word)
  return {word, tail_epoch, base, top, tail_tip}
end

local function generation(of)
  return tonumber(string.match(of, '^(%d+)%.') or 0)
end

-- The i-th pushed entry is number prev + i.
local function chain_of(i) return ARGV[9 + 3 * (i - 1) + 1] end
local function voids_of(i) return ARGV[9 + 3 * (i - 1) + 2] end
local function entry_of(i) return ARGV[9 + 3 * (i - 1) + 3] end

local owner = redis.call('GET', OWNER)
if owner and owner ~= me then return answer('OWNER') end

local refusal
if tail_epoch == '' then
  refusal = 'NONE'
elseif tail_epoch ~= epoch then
  if not (generation(tail_epoch) < generation(epoch)) then return answer('EPOCH') end
  refusal = 'EPOCH'
elseif base + redis.call('LLEN', ITEMS) ~= top then
  refusal = 'TORN'
end

if refusal then
  if not anew then return answer(refusal) end
  redis.call('DEL', ITEMS, META)
  base, top, tail_tip = prev, prev, tip
else
  if prev > top then return answer('HOLE') end
  if prev + n < top then return answer('AHEAD') end
  local joint = tip
  if top > prev then joint = chain_of(top - prev) end
  if joint ~= tail_tip then return answer('FORK') end
end

local was = top
for i = top - prev + 1, n do
  redis.call('RPUSH', ITEMS, entry_of(i))
  top, tail_tip = prev + i, chain_of(i)
  for text in string.gmatch(voids_of(i), '%d+') do
    local seq = tonumber(text)
    if seq > base and seq <= top then
      redis.call('LSET', ITEMS, seq - base - 1, '{"seq":' .. text .. ',"kind":"void"}')
    end
  end
end

if trim > base and trim <= top then
  redis.call('LTRIM', ITEMS, trim - base, -1)
  base = trim
end

tail_epoch = epoch
redis.call('HSET', META, 'epoch', epoch, 'base', base, 'top', top, 'tip', tail_tip, 'line', ARGV[4])
redis.call('SET', OWNER, me, 'PX', ARGV[2])
if refusal or top > was then redis.call('PUBLISH', BELL, top) end
return answer('OK')
