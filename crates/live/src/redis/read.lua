-- One consistent look at the tail. KEYS: items, meta. ARGV: after, entries at most, bytes at most.
-- Answers {'OK', epoch, base, top, line, after, entry, entry, ...}, or {'NONE'}, or {'TORN'}.
local meta = redis.call('HMGET', KEYS[2], 'epoch', 'base', 'top', 'line')
if not meta[1] then return {'NONE'} end
local base, top, after = tonumber(meta[2]), tonumber(meta[3]), tonumber(ARGV[1])
if base + redis.call('LLEN', KEYS[1]) ~= top then return {'TORN'} end
if after < base then after = base end

local found = {'OK', meta[1], base, top, meta[4] or '{}', after}
local bytes, bytes_max = 0, tonumber(ARGV[3])
if after < top then
  local entries = redis.call('LRANGE', KEYS[1], after - base, after - base + tonumber(ARGV[2]) - 1)
  for i, entry in ipairs(entries) do
    bytes = bytes + #entry
    if i > 1 and bytes > bytes_max then break end
    found[#found + 1] = entry
  end
end
return found
