// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fence of the OOM reaper: after it no dying thread of a victim is in user mode.
 * See mm/oom_reap_lists.c for what rests on it.
 */

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "oom_reap.h"

/* Whether a CPU has been interrupted since the fence was asked for. */
struct oom_reap_fence {
	call_single_data_t csd;
	bool passed;
};

static DEFINE_PER_CPU(struct oom_reap_fence, oom_reap_fences);

/* The CPUs that a fence has interrupted. There is one reaper. */
static struct cpumask oom_reap_asked;

/*
 * An interrupt that was sent for an earlier fence and comes late is as good: the
 * CPU is in the kernel after this fence began.
 */
static void oom_reap_fence_cpu(void *info)
{
	struct oom_reap_fence *fence = info;

	/* Pairs with the acquire in oom_reap_fence(). */
	smp_store_release(&fence->passed, true);
	/*
	 * The CPU looks at TIF_SIGPENDING after that. A late interrupt may have
	 * begun before the flag was set, and this store may be what ends the new
	 * fence: pairs with the barrier between the flag and @passed = false in
	 * oom_reap_fence().
	 */
	smp_mb();
}

/*
 * May a CPU be in user mode for a thread that uses @mm? It may not if it runs
 * another task, as cpu_curr_snapshot() sees, which has a full barrier before
 * and after it. A thread that is switched in after that sees TIF_SIGPENDING
 * before it is in user mode, given a full barrier between the two: the one that
 * membarrier(2) asks of the scheduler. Architectures that have it only for an mm
 * that has registered for membarrier(2) select ARCH_HAS_MEMBARRIER_CALLBACKS;
 * there all CPUs are interrupted.
 */
static bool oom_reap_may_run(int cpu, struct mm_struct *mm)
{
	if (IS_ENABLED(CONFIG_ARCH_HAS_MEMBARRIER_CALLBACKS))
		return true;
	return READ_ONCE(cpu_curr_snapshot(cpu)->mm) == mm;
}

/* A CPU that takes no interrupt is not waited for longer than this. */
#define OOM_REAP_FENCE_NS	(10 * NSEC_PER_MSEC)

/**
 * oom_reap_fence() - see that no dying thread of an mm is in user mode
 * @mm: the mm of a victim; each thread that uses it was seen to be dying
 *
 * After it no thread is in user mode that uses @mm and was dying before. A CPU
 * that comes up meanwhile has run no user mode before, and sees what was set
 * before. CPUs that run other programs, or are idle, are not disturbed.
 *
 * Context: the reaper, of which there is one; it may sleep.
 *
 * Return: false if a CPU has not taken its interrupt in time. The next fence may
 * find that the CPU runs something else by then, or asks it again.
 */
bool oom_reap_fence(struct mm_struct *mm)
{
	u64 until = ktime_get_ns() + OOM_REAP_FENCE_NS;
	struct oom_reap_fence *fence;
	int cpu;

	/* Order what was done before the fence with what the CPUs do after it. */
	smp_mb();
	cpumask_clear(&oom_reap_asked);
	preempt_disable();
	rcu_read_lock();
	for_each_online_cpu(cpu) {
		if (cpu == smp_processor_id() || !oom_reap_may_run(cpu, mm))
			continue;
		fence = per_cpu_ptr(&oom_reap_fences, cpu);
		cpumask_set_cpu(cpu, &oom_reap_asked);
		WRITE_ONCE(fence->passed, false);
		/* -EBUSY: an earlier one is under way and will do. */
		if (smp_call_function_single_async(cpu, &fence->csd) == -ENXIO)
			cpumask_clear_cpu(cpu, &oom_reap_asked);
	}
	rcu_read_unlock();
	preempt_enable();

	for_each_cpu(cpu, &oom_reap_asked) {
		fence = per_cpu_ptr(&oom_reap_fences, cpu);
		/* Pairs with the release in oom_reap_fence_cpu(). */
		while (!smp_load_acquire(&fence->passed)) {
			if (ktime_get_ns() >= until)
				return false;
			usleep_idle_range(10, 50);
		}
	}
	return true;
}

/** oom_reap_fence_init() - set up what oom_reap_fence() needs, at boot */
void __init oom_reap_fence_init(void)
{
	struct oom_reap_fence *fence;
	int cpu;

	for_each_possible_cpu(cpu) {
		fence = per_cpu_ptr(&oom_reap_fences, cpu);
		INIT_CSD(&fence->csd, oom_reap_fence_cpu, fence);
	}
}
