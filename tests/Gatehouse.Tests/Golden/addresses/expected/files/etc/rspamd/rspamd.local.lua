-- Written by gatehouse. Two selectors for message limits that rspamd does not have itself.
local lua_selectors = require "lua_selectors"

local networks = {
}

lua_selectors.register_extractor(rspamd_config, "source_network", {
  get_value = function(task)
    local ip = task:get_from_ip()
    if not (ip and ip:is_valid()) then return nil end
    local bits = ip:get_version() == 6 and 64 or 24
    return tostring(ip:apply_mask(bits)) .. "/" .. bits, "string"
  end,
  description = "Network of the sending host, IPv4 /24 or IPv6 /64",
})

lua_selectors.register_extractor(rspamd_config, "destination_network", {
  get_value = function(task)
    local found, seen = {}, {}
    for _, rcpt in ipairs(task:get_recipients("smtp") or {}) do
      local network = networks[(rcpt.domain or ""):lower()]
      if network and not seen[network] then
        seen[network] = true
        found[#found + 1] = network
      end
    end
    if #found == 0 then return nil end
    return found, "string_list"
  end,
  description = "Networks of the mail hosts that the recipients' domains are handed to",
})

-- rspamd asks Sentinel for the primary in the workers that scan alone; what is learned by hand goes through the controller, which
-- would go on writing to a replica. This runs before rspamd's own start of a worker, and lets its Redis library know better.
rspamd_config:add_on_load(function(_, _, worker)
  if worker:get_type() ~= "controller" then return end
  local methods = getmetatable(worker).__index
  local is_scanner = methods.is_scanner
  methods.is_scanner = function(self)
    local caller = debug.getinfo(2, "S")
    return caller and caller.source:find("lua_redis.lua", 1, true) ~= nil or is_scanner(self)
  end
end)
