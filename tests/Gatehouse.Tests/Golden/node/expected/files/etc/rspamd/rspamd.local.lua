-- Written by gatehouse. What messages are counted by, and which messages are only verification.
local lua_selectors = require "lua_selectors"

-- Verification speaks to rspamd directly, with a header of the request, or sends a message to its own address and to nobody else: to
-- gatehouse-verify of this host, or of any domain with a sender of its own. A message that has other recipients as well is mail.
local function is_verification(task)
  if task:get_request_header("Gatehouse-Verify") then return true end
  local sender = (task:get_from("smtp") or {})[1] or {}
  local is_letter = (sender.user or ""):match("^gatehouse%-verify%-%d+%-%x+$") ~= nil
  local recipients = task:get_recipients("smtp") or {}
  for _, rcpt in ipairs(recipients) do
    local own = (rcpt.addr or ""):lower() == "gatehouse-verify@mx1.example.org"
    if not (own or (is_letter and (rcpt.user or ""):lower() == "gatehouse-verify")) then return false end
  end
  return #recipients > 0
end

-- Verification is neither deferred nor counted: greylisting would refuse it for five minutes on a first apply and again each day, the
-- limits would count it as mail, and statistics and history would show it among the mail. A limit of its own proves that limits work.
rspamd_config:register_symbol {
  name = "GATEHOUSE_VERIFY",
  type = "prefilter",
  -- Before the filters that it switches off.
  priority = 10,
  flags = "empty,nostat,explicit_disable,ignore_passthrough",
  callback = function(task)
    if not is_verification(task) then return end
    task:set_flag("no_log")
    task:set_flag("no_stat")
    task:disable_symbol("GREYLIST_CHECK")
    task:disable_symbol("GREYLIST_SAVE")
    if not task:get_request_header("Gatehouse-Verify") then task:disable_symbol("RATELIMIT_CHECK") end
  end,
}

local networks = {
}

local counts = {
  ["inbound-network"] = function(task)
    local ip = task:get_from_ip()
    -- What this host tells itself is nobody's mail.
    if not (ip and ip:is_valid()) or ip:to_string() == "::1" or ip:to_string():match("^127%.") then return {} end
    local bits = ip:get_version() == 6 and 64 or 24
    return { tostring(ip:apply_mask(bits)) .. "/" .. bits }
  end,
  ["outbound-network"] = function(task)
    local found = {}
    for _, rcpt in ipairs(task:get_recipients("smtp") or {}) do
      found[#found + 1] = networks[(rcpt.domain or ""):lower()]
    end
    return found
  end,
  ["outbound-domain"] = function(task)
    local found = {}
    for _, rcpt in ipairs(task:get_recipients("smtp") or {}) do
      found[#found + 1] = rcpt.domain and rcpt.domain ~= "" and rcpt.domain:lower() or nil
    end
    return found
  end,
}

-- rspamd keeps a count under the value of its selector alone: two limits that count by the same value would share one. So each
-- limit has a selector of its own, whose values begin with its name.
local limits = {
}

for name, by in pairs(limits) do
  lua_selectors.register_extractor(rspamd_config, "limit_" .. name, {
    get_value = function(task)
      local values, seen = {}, {}
      for _, value in ipairs(counts[by](task)) do
        if not seen[value] then
          seen[value] = true
          values[#values + 1] = name .. " " .. value
        end
      end
      if #values == 0 then return nil end
      return values, "string_list"
    end,
    description = "What limit " .. name .. " counts by: " .. by,
  })
end

lua_selectors.register_extractor(rspamd_config, "limit_gatehouse_verify", {
  get_value = function(task)
    local node = task:get_request_header("Gatehouse-Verify")
    if not node then return nil end
    return "gatehouse_verify " .. tostring(node), "string"
  end,
  description = "The node that verifies",
})
