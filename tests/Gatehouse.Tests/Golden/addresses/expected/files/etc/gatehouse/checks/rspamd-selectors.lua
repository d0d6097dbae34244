-- Written by gatehouse. Runs each selector of ratelimit.conf on a message: configtest accepts selectors that fail then.
dofile("/etc/rspamd/rspamd.local.lua")
local lua_selectors = require "lua_selectors"
local rspamd_task = require "rspamd_task"
local rspamd_ip = require "rspamd_ip"

local message = "From: <a@example.com>\r\nTo: <b@example.net>\r\nSubject: test\r\n\r\ntest\r\n"
local ok, task = rspamd_task.load_from_string(message, rspamd_config)
if not ok then error("selector test message fails") end
task:set_from_ip(rspamd_ip.from_string("192.0.2.1"))
task:set_from("smtp", { { addr = "a@example.com", user = "a", domain = "example.com" } })
task:set_recipients("smtp", { { addr = "b@example.net", user = "b", domain = "example.net" } })

local file = assert(io.open("/etc/rspamd/local.d/ratelimit.conf"))
for line in file:lines() do
  local text = line:match('selector%s*=%s*"(.-)"')
  if text then
    local selector = lua_selectors.create_selector_closure(rspamd_config, text, "")
    local good, result = pcall(function() return selector and { selector(task) } end)
    if not (good and result) then
      print("selector " .. text .. " fails: " .. tostring(result))
      os.exit(1)
    end
  end
end
file:close()
task:destroy()
print("selectors work")
