using Gatehouse.Machines;
using Xunit;

namespace Gatehouse.Tests.Machines;

public sealed class AdministratorTests
{
    private const string Users = "root:x:0:0:root:/root:/bin/bash\nanna:x:1000:1000::/home/anna:/bin/bash\n";

    [Theory]
    [InlineData("berta", 1000u, "berta")]
    [InlineData("", 1000u, "anna")]
    [InlineData(null, 0u, "root")]
    [InlineData(null, 4711u, "4711")]
    public void The_caller_of_sudo_comes_first_then_who_logged_in(string? sudo, uint login, string name) =>
        Assert.Equal(name, Administrator.Of(sudo, login, Users));

    [Fact]
    public void A_service_has_none() => Assert.Null(Administrator.Of(null, null, Users));

    [Fact]
    public async Task An_order_is_carried_out_in_the_name_of_the_one_that_gave_it_and_what_follows_is_not()
    {
        var before = Administrator.Name;
        await CarryOutAsync();
        Assert.Equal(before, Administrator.Name);

        static async Task CarryOutAsync()
        {
            Administrator.ActFor("anna on mx1.example.org");
            await Task.Yield();
            Assert.Equal("anna on mx1.example.org", Administrator.Name);
        }
    }
}
