using Gatehouse.Machines;
using Xunit;

namespace Gatehouse.Tests.Machines;

public sealed class ServiceProbeTests
{
    [Fact]
    public void Services_are_known_by_unit_or_init_script_unless_masked()
    {
        var root = Directory.CreateTempSubdirectory().FullName;
        try
        {
            Assert.Empty(ServiceProbe.On(root));
            foreach (
                var path in new[]
                {
                    "lib/systemd/system/postfix.service",
                    "usr/lib/systemd/system/nginx.service",
                    "etc/systemd/system/rspamd.service",
                    "etc/init.d/exim4",
                    "lib/systemd/system/ssh.service",
                }
            )
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, path))!);
                File.WriteAllText(Path.Combine(root, path), "");
            }

            File.CreateSymbolicLink(Path.Combine(root, "etc/systemd/system/apache2.service"), "/dev/null");
            Assert.Equal(["postfix", "exim4", "nginx", "rspamd"], ServiceProbe.On(root).AsEnumerable());
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
