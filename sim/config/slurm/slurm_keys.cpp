#include "sim/config/slurm/slurm_keys.hpp"

#include <algorithm>
#include <map>

#include "sim/base/text.hpp"
#include "sim/config/slurm/conf_text.hpp"

namespace rehearse {
namespace {

// Read, or without influence on which job starts when.
constexpr std::string_view kOptions =
    "AccountingStorageBackupHost AccountingStorageEnforce AccountingStorageExternalHost "
    "AccountingStorageHost AccountingStorageLoc AccountingStorageParameters AccountingStoragePass "
    "AccountingStoragePort AccountingStorageTRES AccountingStorageType AccountingStorageUser "
    "AccountingStoreFlags AccountingStoreJobComment AcctGatherEnergyType AcctGatherFilesystemType "
    "AcctGatherInfinibandType AcctGatherInterconnectType AcctGatherNodeFreq AcctGatherProfileType "
    "AllowSpecResourcesUsage AuthAltParameters AuthAltTypes AuthInfo AuthType BackupAddr "
    "BackupController BatchStartTimeout BcastExclude BcastParameters CacheGroups CertType "
    "CertgenParameters CertgenType CertmgrParameters CertmgrType CgroupPlugin CheckpointType "
    "CliFilterParameters CliFilterPlugins ClusterName CommunicationParameters CompleteWait "
    "ControlAddr ControlMachine CoreSpecPlugin CpuFreqDef CpuFreqGovernors CredType CryptoType "
    "DataParserParameters DebugFlags DefMemPerCPU DefMemPerGPU DefMemPerNode DefCpuPerGPU "
    "DefaultStorageHost DefaultStorageLoc DefaultStoragePass DefaultStoragePort DefaultStorageType "
    "DefaultStorageUser DependencyParameters DisableRootJobs DynamicNormalization EioTimeout "
    "EnforcePartLimits Epilog EpilogMsgTime EpilogSlurmctld EpilogTimeout ExtSensorsFreq "
    "ExtSensorsType FairShareDampeningFactor FastSchedule FederationParameters FirstJobId "
    "GetEnvTimeout GpuFreqDef GresTypes GroupUpdateForce GroupUpdateTime HashPlugin "
    "HealthCheckInterval HealthCheckNodeState HealthCheckProgram HttpParserType InactiveLimit "
    "InteractiveStepOptions JobAcctGatherFrequency JobAcctGatherParams JobAcctGatherType "
    "JobCheckpointDir JobCompHost JobCompLoc JobCompParams JobCompPass JobCompPassScript "
    "JobCompPort JobCompType JobCompUser JobContainerType JobContainerPlugin "
    "JobCredentialPrivateKey JobCredentialPublicCertificate JobDefaults JobFileAppend JobRequeue "
    "KeepAliveTime KillOnBadExit KillWait LaunchParameters LaunchType Licenses LicenseParameters "
    "LogTimeFormat MailDomain MailProg MaxArraySize MaxDBDMsgs MaxJobCount MaxJobId MaxMemPerCPU "
    "MaxMemPerNode MaxNodeCount MaxStepCount MemLimitEnforce MessageTimeout MetricsType "
    "MinJobAge MpiDefault MpiParams NamespaceType NodeFeaturesPlugins OverTimeLimit "
    "PlugStackConfig PluginDir PrEpParameters PrEpPlugins PreemptExemptTime PreemptMode "
    "PreemptParameters PreemptType PriorityCalcPeriod PriorityDecayHalfLife PriorityFavorSmall "
    "PriorityFlags PriorityMaxAge PriorityParameters PrioritySiteFactorParameters PriorityType "
    "PriorityUsageResetPeriod PriorityWeightAge PriorityWeightAssoc PriorityWeightFairshare "
    "PriorityWeightJobSize PriorityWeightPartition PriorityWeightQOS PriorityWeightTRES "
    "PrivateData ProctrackType Prolog PrologEpilogTimeout PrologFlags PrologSlurmctld "
    "PrologTimeout PropagatePrioProcess PropagateResourceLimits PropagateResourceLimitsExcept "
    "RebootProgram ReconfigFlags ResumeFailProgram ResumeProgram ResumeRate ResumeTimeout "
    "ResvEpilog ResvProlog ResvOverRun RoutePlugin SallocDefaultCommand "
    "SbcastParameters SchedulerParameters SchedulerPort SchedulerRootFilter SchedulerTimeSlice "
    "SchedulerType ScronParameters SelectType SelectTypeParameters SlurmSchedLogFile "
    "SlurmSchedLogLevel SlurmUser SlurmctldAddr SlurmctldDebug SlurmctldHost SlurmctldLogFile "
    "SlurmctldParameters SlurmctldPidFile SlurmctldPlugstack SlurmctldPort "
    "SlurmctldPrimaryOffProg SlurmctldPrimaryOnProg SlurmctldSyslogDebug SlurmctldTimeout "
    "SlurmdDebug SlurmdLogFile SlurmdParameters SlurmdPidFile SlurmdPort SlurmdSpoolDir "
    "SlurmdSyslogDebug SlurmdTimeout SlurmdUser SrunEpilog SrunPortRange SrunProlog "
    "StateSaveLocation StepdTimeout SuspendExcNodes SuspendExcParts SuspendExcStates "
    "SuspendProgram SuspendRate SuspendTime SuspendTimeout SwitchParameters SwitchType "
    "TCPTimeout TaskEpilog "
    "TaskPlugin TaskPluginParam TaskProlog TLSParameters TLSType TmpFS TopologyParam "
    "TopologyPlugin TrackWCKey TreeWidth URLParserType UnkillableStepProgram "
    "UnkillableStepTimeout UsePAM VSizeFactor WaitTime X11Parameters";

constexpr std::string_view kNode =
    "BcastAddr Boards CPUs CoreSpecCount CoresPerSocket CpuBind CpuSpecList Feature Features Gres "
    "MemSpecLimit NodeAddr NodeHostname NodeName Parameters Port Procs RealMemory Reason "
    "RestrictedCoresPerGPU Sockets SocketsPerBoard State ThreadsPerCore TmpDisk Topology "
    "TRESWeights Weight";

constexpr std::string_view kPartition =
    "AllowAccounts AllowQos Alternate CpuBind DefCpuPerGPU DefMemPerCPU DefMemPerGPU DefMemPerNode "
    "Default DefaultTime DenyAccounts DenyQos DisableRootJobs ExclusiveUser GraceTime Hidden "
    "JobDefaults LLN MaxCPUsPerNode MaxMemPerCPU MaxMemPerNode MaxNodes MaxTime MinNodes Nodes "
    "OverSubscribe OverTimeLimit PowerDownOnIdle PreemptMode Priority PriorityJobFactor "
    "PriorityTier QOS ReqResv ResumeTimeout RootOnly Shared State SuspendTime SuspendTimeout "
    "TRESBillingWeights Topology";

constexpr SlurmKey kOptionsNotSimulated[] = {
    {"BurstBufferType", "burst buffers are not simulated: no job waits for one"},
    {"JobSubmitPlugins",
     "what the site's own program changes or refuses at submission is not "
     "simulated"},
    {"MCSPlugin", "nodes are not kept apart by security label"},
    {"MCSParameters", {}},
    {"MaxTasksPerNode", {}},
    {"MaxBatchRequeue", {}},
    {"PrioritySiteFactorPlugin", "the site's own priority factor is 0"},
    {"RequeueExit", "no job is requeued because of its exit code"},
    {"RequeueExitHold", "no job is requeued because of its exit code"},
};
constexpr SlurmKey kPartitionNotSimulated[] = {
    {"AllocNodes", "jobs may be submitted from any host"},
    {"AllowAllocNodes", "jobs may be submitted from any host"},
    {"AllowGroups", "members of any group may use a partition"},
    {"DenyGroups", "members of any group may use a partition"},
    {"ExclusiveTopo", "blocks of the topology are not given to one job only"},
    {"MaxCPUsPerSocket", "the CPUs of a socket are not limited"},
    {"SelectTypeParameters", "partitions select as SelectTypeParameters of the cluster says"},
};

SlurmKeys make_keys(std::string_view what, std::string_view names,
                    const SlurmKey* not_simulated = nullptr, std::size_t count = 0) {
  SlurmKeys keys{what, {}};
  for (const std::string_view name : split(names, ' ')) keys.keys.push_back({name});
  for (std::size_t i = 0; i < count; ++i) keys.keys.push_back(not_simulated[i]);
  return keys;
}

}  // namespace

const SlurmKey* SlurmKeys::find(std::string_view lower_name) const {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const SlurmKey& key) {
    return same_name(key.name, lower_name);
  });
  return found == keys.end() ? nullptr : &*found;
}

std::vector<std::string_view> SlurmKeys::names() const {
  std::vector<std::string_view> result;
  for (const SlurmKey& key : keys) result.push_back(key.name);
  return result;
}

const SlurmKeys& slurm_option_keys() {
  static const SlurmKeys keys =
      make_keys("slurm.conf", kOptions, kOptionsNotSimulated, std::size(kOptionsNotSimulated));
  return keys;
}

const SlurmKeys* slurm_record_keys(std::string_view lower_name) {
  static const std::map<std::string_view, SlurmKeys> records{
      {"nodename", make_keys("a node", kNode)},
      {"partitionname", make_keys("a partition", kPartition, kPartitionNotSimulated,
                                  std::size(kPartitionNotSimulated))},
      {"nodeset", make_keys("a node set", "Nodes Feature")},
      {"downnodes", make_keys("down nodes", "Reason State")},
      {"frontendname", make_keys("a front end",
                                 "AllowGroups AllowUsers DenyGroups DenyUsers "
                                 "FrontendAddr Port Reason State")},
  };
  const auto found = records.find(lower_name);
  return found == records.end() ? nullptr : &found->second;
}

}  // namespace rehearse
