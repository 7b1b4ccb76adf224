/** Redis's own time in milliseconds, which all that is compared is of. */
const NOW = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * One hash holds the era and every lease: `<lease>` → `<1: complete> <when it ends>`. It lives for less than is left of any
 * lease that is renewed in time, and each renewal prolongs it: when Redis hung for so long that a lease might have run out
 * through no fault of its node, then the era is gone as well.
 *
 * Arguments: the time of a lease, that of the hash, what is to be done, the newest lease, an era should there be none, and
 * the older leases.
 */
export const HOLD_SCRIPT = `${NOW}
  local ttl, act, lease = tonumber(ARGV[1]), ARGV[3], ARGV[4]
  local all = redis.call('HGETALL', KEYS[1])
  local complete = {}
  for index = 1, #all, 2 do
    local flag, ends = string.match(all[index + 1], '^(%d) (%d+)$')
    if flag then
      ends = tonumber(ends)
      if ends <= now then
        redis.call('HDEL', KEYS[1], all[index])
      else
        complete[all[index]] = flag
        -- The clock of Redis was set back.
        if ends > now + ttl then redis.call('HSET', KEYS[1], all[index], flag .. ' ' .. (now + ttl)) end
      end
    end
  end
  if act == 'open' then
    redis.call('HSETNX', KEYS[1], 'era', ARGV[5])
    complete[lease] = '0'
  elseif act == 'complete' and complete[lease] then
    complete[lease] = '1'
    for index = 6, #ARGV do redis.call('HDEL', KEYS[1], ARGV[index]) end
  elseif act == 'renew' then
    for index = 6, #ARGV do
      local older = ARGV[index]
      if complete[older] then redis.call('HSET', KEYS[1], older, complete[older] .. ' ' .. (now + ttl)) end
    end
  elseif act == 'leave' then
    for index = 6, #ARGV do redis.call('HDEL', KEYS[1], ARGV[index]) end
    redis.call('HDEL', KEYS[1], lease)
    return string.format('%d', now)
  end
  if not complete[lease] then return '0' end
  redis.call('HSET', KEYS[1], lease, complete[lease] .. ' ' .. (now + ttl))
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return '1'
`;

/** What the time is, and then the hash. */
export const LOOK_SCRIPT = `${NOW}
  local all = redis.call('HGETALL', KEYS[1])
  table.insert(all, 1, string.format('%d', now))
  return all
`;
