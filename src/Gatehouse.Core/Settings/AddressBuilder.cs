using System.Net;

namespace Gatehouse.Core.Settings;

/// <summary>Makes the settings of virtual addresses.</summary>
internal static class AddressBuilder
{
    public static AddressSettings Build(ValueSet v) =>
        !v.Profile!.Clustered
            ? AddressSettings.None
            : new AddressSettings
            {
                Networks =
                [
                    .. v.Rows("addresses.networks")
                        .Select(r => new AddressNetwork(
                            (IPNetwork)r.Values["network"],
                            (string)r.Values["interface"],
                            r.Values.GetValueOrDefault("prefix") as int?
                        )),
                ],
                Bindings =
                [
                    .. v.Rows("addresses.bindings")
                        .Select(r => new AddressBinding(
                            (IPAddress)r.Values["address"],
                            TrackedService.Of((string)r.Values["service"]),
                            r.Values.GetValueOrDefault("preferred") as string ?? "",
                            (bool)r.Values["outgoing"],
                            RouterId(r)
                        )),
                ],
            };

    /// <summary>A binding's id on its segment: the one given, else the last byte of its address.</summary>
    public static int RouterId(Row row) =>
        row.Values.GetValueOrDefault("router_id") as int? ?? ((IPAddress)row.Values["address"]).GetAddressBytes()[^1];
}
