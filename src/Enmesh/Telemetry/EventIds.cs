namespace Enmesh.Telemetry;

/// <summary>
/// Every log event has one number here, for good: a block of 100 per area, a retired number is never given out again.
/// </summary>
/// <remarks>
/// 1000 peers, 1100 handshake, 1200 EPMD, 1300 discovery, 1400 cluster, 1500 transport, 1600 processes, 1700 services,
/// 1800 hosting, 1900 process groups, 2000 global, 2100 behaviours, 2200 Kubernetes, 2300 the end of a host, 2400 SSH.
/// </remarks>
internal static class EventIds
{
    // 1000 peers
    internal const int PeerUp = 1000;
    internal const int PeerDown = 1001;
    internal const int PeerClosed = 1002;
    internal const int LinkFaulted = 1003;
    internal const int PoolStarved = 1004;
    internal const int PoolRecovered = 1005;

    // 1100 handshake
    internal const int HandshakeFailed = 1100;
    internal const int CallerRefused = 1101;
    internal const int CookieChanged = 1102;
    internal const int CookieNotRead = 1103;
    internal const int PreviousCookieForgotten = 1104;
    internal const int HandshakeStep = 1105;
    internal const int FollowerFailed = 1106;

    // 1200 EPMD
    internal const int EpmdListening = 1200;
    internal const int EpmdJoined = 1201;
    internal const int EpmdRegistered = 1202;
    internal const int EpmdRegistrationLost = 1203;
    internal const int EpmdRegistrationFailed = 1204;
    internal const int EpmdNodeRegistered = 1205;
    internal const int EpmdNodeUnregistered = 1206;
    internal const int EpmdForeignRegistration = 1207;
    internal const int EpmdBadRequest = 1208;
    internal const int EpmdConnectionEvicted = 1209;
    internal const int EpmdNodeRefused = 1210;

    // 1300 discovery
    internal const int SourceFailing = 1300;
    internal const int SourcePartial = 1301;
    internal const int SourceRecovered = 1302;
    internal const int NobodyDiscovered = 1303;
    internal const int DiscoveredAgain = 1304;
    internal const int SourceNotWatched = 1305;
    internal const int SelfNotNamed = 1306;
    internal const int SelfNamed = 1307;
    internal const int NameFormsMixed = 1308;

    // 1400 cluster
    internal const int PeerDiscovered = 1400;
    internal const int PeerVanished = 1401;
    internal const int DialFailed = 1402;
    internal const int MembersMissing = 1403;
    internal const int MembersComplete = 1404;
    internal const int ClusterLoopFailed = 1405;
    internal const int PeerCut = 1406;
    internal const int ClockJumped = 1407;
    internal const int Joined = 1408;
    internal const int Parted = 1409;
    internal const int Reunited = 1410;
    internal const int Draining = 1411;

    // 1500 transport
    internal const int AcceptDelayed = 1500;
    internal const int AcceptedConnectionLost = 1501;
    internal const int TlsLoaded = 1510;
    internal const int TlsReloaded = 1511;
    internal const int TlsNotReloaded = 1512;
    internal const int TlsHandshakeBegun = 1513;
    internal const int TlsHandshakeDone = 1514;
    internal const int TlsHandshakeFailed = 1515;
    internal const int TlsKeysLogged = 1516;
    internal const int TlsRenewing = 1517;
    internal const int TlsListOutdated = 1518;
    internal const int TlsUsableAgain = 1519;

    // 1600 processes
    internal const int ProcessCrashed = 1600;
    internal const int ProcessesRemain = 1601;
    internal const int MailboxBacklog = 1602;
    internal const int MailboxBytesExceeded = 1603;
    internal const int SpawnedUndefined = 1604;

    // 1700 services
    internal const int CallRefused = 1700;
    internal const int CallFailed = 1701;
    internal const int UserPrinted = 1702;
    internal const int UserDeviceFailed = 1703;
    internal const int StopRequested = 1704;
    internal const int RemoteLogEvent = 1705;
    internal const int SpawnedFailed = 1706;
    internal const int ServiceRestarted = 1740;
    internal const int AllowListChanged = 1741;
    internal const int NetTickTimeChanging = 1742;
    internal const int NetTickTimeChanged = 1743;

    // 1800 consoles
    internal const int ConsoleOpened = 1800;
    internal const int ConsoleClosed = 1801;
    internal const int ConsoleRefused = 1802;
    internal const int ConsoleNotThere = 1803;

    // 1900 process groups
    internal const int PgReleasesConflict = 1900;
    internal const int PgMessageNotUnderstood = 1901;

    // 2000 global
    internal const int GlobalSynced = 2000;
    internal const int GlobalAskedToDisconnect = 2001;
    internal const int GlobalDisconnected = 2002;
    internal const int GlobalNotReached = 2003;
    internal const int GlobalMethodFailed = 2004;
    internal const int GlobalSecondName = 2005;
    internal const int GlobalUnsettled = 2006;
    internal const int GlobalOutOfStep = 2007;
    internal const int GlobalUnexpected = 2008;
    internal const int GlobalCrashed = 2009;

    // 2100 behaviours
    internal const int ServerStopped = 2100;
    internal const int ServerDropped = 2101;
    internal const int ServerRefused = 2102;
    internal const int ChildTerminated = 2110;
    internal const int ChildStartError = 2111;
    internal const int ChildShutdownError = 2112;
    internal const int RestartIntensityReached = 2113;
    internal const int ChildStarted = 2114;
    internal const int ChildFunctionMissing = 2115;
    internal const int SupervisorOfNodeEnded = 2116;

    // 2200 Kubernetes
    internal const int OwnNameDiffers = 2200;
    internal const int NamespaceNotWatched = 2201;
    internal const int LeaseAcquired = 2210;
    internal const int LeaseLost = 2211;
    internal const int LeaseReleased = 2212;
    internal const int LeaseNotReleased = 2213;
    internal const int LeaseAttemptFailed = 2214;
    internal const int LeaseRefused = 2215;
    internal const int LeaseWorkInterrupted = 2216;
    internal const int CertificateKept = 2220;
    internal const int CertificateRequested = 2221;
    internal const int CertificateAwaited = 2222;
    internal const int CertificateIssued = 2223;
    internal const int CertificateDoubtful = 2224;
    internal const int CertificateRenewalFailed = 2225;
    internal const int CertificateExpires = 2226;
    internal const int CertificateExpired = 2227;
    internal const int CertificateWatchFailed = 2228;
    internal const int CertificateRequestDropped = 2229;
    internal const int CertificateMissing = 2230;
    internal const int CertificateRenewalEnded = 2231;

    // 2300 the end of a host
    internal const int DrainDelayCut = 2300;
    internal const int DrainHurried = 2301;
    internal const int DrainHookDone = 2302;
    internal const int DrainHookCut = 2303;
    internal const int DrainHookFailed = 2304;

    // 2400 SSH
    internal const int SshListening = 2400;
    internal const int SshEnded = 2401;
    internal const int SshAccepted = 2402;
    internal const int SshRefused = 2403;
    internal const int SshSessionOpened = 2404;
    internal const int SshSessionClosed = 2405;
    internal const int SshEvaluating = 2406;
    internal const int SshSaid = 2407;
    internal const int SshComplained = 2408;
    internal const int SshHostKeyMade = 2409;
}
