// Why a job waits, or why it was refused: Slurm's names (squeue's %r). MaxCpusPerGpu is ours, for
// the sites' rule of that name, and so is Configuring, for the state CF of a job whose nodes boot;
// from InvalidTimeLimit to ReservationAccess they are what sbatch is told (Slurm's error codes
// without ESLURM_), which squeue never shows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rehearse {

// One list for the enumerators and their names.
#define REHEARSE_REASONS(X)         \
  X(None)                           \
  X(Priority)                       \
  X(Resources)                      \
  X(Dependency)                     \
  X(DependencyNeverSatisfied)       \
  X(BeginTime)                      \
  X(JobHeldUser)                    \
  X(JobHeldAdmin)                   \
  X(JobHoldMaxRequeue)              \
  X(JobArrayTaskLimit)              \
  X(BadConstraints)                 \
  X(DeadLine)                       \
  X(Licenses)                       \
  X(Reservation)                    \
  X(ReqNodeNotAvail)                \
  X(NodeDown)                       \
  X(Cleaning)                       \
  X(Configuring)                    \
  X(PartitionDown)                  \
  X(PartitionInactive)              \
  X(PartitionConfig)                \
  X(PartitionTimeLimit)             \
  X(PartitionNodeLimit)             \
  X(MaxMemPerLimit)                 \
  X(MaxCpusPerGpu)                  \
  X(AccountNotAllowed)              \
  X(QOSNotAllowed)                  \
  X(InvalidAccount)                 \
  X(InvalidQOS)                     \
  X(QOSUsageThreshold)              \
  X(InvalidTimeLimit)               \
  X(InvalidNodeCount)               \
  X(TooManyRequestedCpus)           \
  X(RequestedNodeConfigUnavailable) \
  X(RequestedPartConfigUnavailable) \
  X(PartitionNotAvail)              \
  X(InvalidPartition)               \
  X(InvalidLicenses)                \
  X(InvalidFeature)                 \
  X(InvalidReservation)             \
  X(ReservationAccess)              \
  X(QOSGrpCpuLimit)                 \
  X(QOSGrpMemLimit)                 \
  X(QOSGrpNodeLimit)                \
  X(QOSGrpGRES)                     \
  X(QOSGrpBilling)                  \
  X(QOSGrpJobsLimit)                \
  X(QOSGrpSubmitJobsLimit)          \
  X(QOSGrpWallLimit)                \
  X(QOSGrpCPUMinutesLimit)          \
  X(QOSGrpMemoryMinutes)            \
  X(QOSGrpNodeMinutes)              \
  X(QOSGrpGRESMinutes)              \
  X(QOSGrpBillingMinutes)           \
  X(QOSGrpCPURunMinutesLimit)       \
  X(QOSGrpMemoryRunMinutes)         \
  X(QOSGrpNodeRunMinutes)           \
  X(QOSGrpGRESRunMinutes)           \
  X(QOSGrpBillingRunMinutes)        \
  X(QOSMaxCpuPerJobLimit)           \
  X(QOSMaxMemoryPerJob)             \
  X(QOSMaxNodePerJobLimit)          \
  X(QOSMaxGRESPerJob)               \
  X(QOSMaxBillingPerJob)            \
  X(QOSMaxCpuMinutesPerJobLimit)    \
  X(QOSMaxMemoryMinutesPerJob)      \
  X(QOSMaxNodeMinutesPerJob)        \
  X(QOSMaxGRESMinutesPerJob)        \
  X(QOSMaxBillingMinutesPerJob)     \
  X(QOSMaxCpuPerNode)               \
  X(QOSMaxMemoryPerNode)            \
  X(QOSMaxGRESPerNode)              \
  X(QOSMinCpuNotSatisfied)          \
  X(QOSMinMemory)                   \
  X(QOSMinNode)                     \
  X(QOSMinGRES)                     \
  X(QOSMinBilling)                  \
  X(QOSMaxCpuPerUserLimit)          \
  X(QOSMaxMemoryPerUser)            \
  X(QOSMaxNodePerUserLimit)         \
  X(QOSMaxGRESPerUser)              \
  X(QOSMaxBillingPerUser)           \
  X(MaxCpuPerAccount)               \
  X(MaxMemoryPerAccount)            \
  X(MaxNodePerAccount)              \
  X(MaxGRESPerAccount)              \
  X(MaxBillingPerAccount)           \
  X(QOSMaxJobsPerUserLimit)         \
  X(MaxJobsPerAccount)              \
  X(QOSMaxSubmitJobPerUserLimit)    \
  X(MaxSubmitJobsPerAccount)        \
  X(QOSMaxWallDurationPerJobLimit)  \
  X(AssocGrpCpuLimit)               \
  X(AssocGrpMemLimit)               \
  X(AssocGrpNodeLimit)              \
  X(AssocGrpGRES)                   \
  X(AssocGrpBilling)                \
  X(AssocGrpJobsLimit)              \
  X(AssocGrpSubmitJobsLimit)        \
  X(AssocGrpWallLimit)              \
  X(AssocGrpCPUMinutesLimit)        \
  X(AssocGrpMemMinutes)             \
  X(AssocGrpNodeMinutes)            \
  X(AssocGrpGRESMinutes)            \
  X(AssocGrpBillingMinutes)         \
  X(AssocGrpCPURunMinutesLimit)     \
  X(AssocGrpMemRunMinutes)          \
  X(AssocGrpNodeRunMinutes)         \
  X(AssocGrpGRESRunMinutes)         \
  X(AssocGrpBillingRunMinutes)      \
  X(AssocMaxCpuPerJobLimit)         \
  X(AssocMaxMemPerJob)              \
  X(AssocMaxNodePerJobLimit)        \
  X(AssocMaxGRESPerJob)             \
  X(AssocMaxBillingPerJob)          \
  X(AssocMaxCpuMinutesPerJobLimit)  \
  X(AssocMaxMemMinutesPerJob)       \
  X(AssocMaxNodeMinutesPerJob)      \
  X(AssocMaxGRESMinutesPerJob)      \
  X(AssocMaxBillingMinutesPerJob)   \
  X(AssocMaxCpuPerNode)             \
  X(AssocMaxMemPerNode)             \
  X(AssocMaxGRESPerNode)            \
  X(AssocMaxJobsLimit)              \
  X(AssocMaxSubmitJobLimit)         \
  X(AssocMaxWallDurationPerJobLimit)

#define REHEARSE_ENUMERATOR(name) name,
#define REHEARSE_NAME(name) std::string_view(#name),

enum class Reason : std::uint8_t { REHEARSE_REASONS(REHEARSE_ENUMERATOR) };

inline constexpr auto kReasonNames =
    std::to_array<std::string_view>({REHEARSE_REASONS(REHEARSE_NAME)});

#undef REHEARSE_NAME
#undef REHEARSE_ENUMERATOR
#undef REHEARSE_REASONS

constexpr std::string_view reason_name(Reason reason) {
  return kReasonNames[static_cast<std::size_t>(reason)];
}

}  // namespace rehearse
