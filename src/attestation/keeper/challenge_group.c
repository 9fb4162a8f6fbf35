/* Finds groups by all that they have in common, in a balanced tree: no stranger makes collisions. */
#include "config.h"

#include "attestation/keeper/challenge_group.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "util/slab.h"

struct groups {
	void          *index; /* tsearch's tree */
	struct shares *shares;
	size_t         weight; /* of all challenges */
	size_t         held;   /* of those that are held */
};

struct groups *
groups_new(void)
{
	struct groups *groups = memory_new(sizeof *groups);

	groups->shares = shares_new();
	return groups;
}

void
groups_free(struct groups *groups)
{
	if (groups == NULL)
		return;
	shares_free(groups->shares);
	free(groups);
}

static int
group_compare(const void *a, const void *b)
{
	const struct group *one = a;
	const struct group *other = b;
	int                 order = memcmp(&one->ek, &other->ek, sizeof one->ek);

	if (order == 0)
		order = memcmp(one->source.octets, other->source.octets, sizeof one->source.octets);
	if (order == 0)
		order = (int)one->source.bits - (int)other->source.bits;
	if (order == 0)
		order = (int)one->held - (int)other->held;
	if (order == 0 && one->common_size != other->common_size)
		order = one->common_size < other->common_size ? -1 : 1;
	return order != 0 ? order : memcmp(one->common, other->common, one->common_size);
}

size_t
group_weight(struct view common)
{
	return 1 + common.size / GROUP_OCTETS;
}

static struct group *
group_new(const struct source *source, const struct ek_hash *ek, bool held, struct view common)
{
	struct group *group = memory_new(sizeof *group + common.size);

	group->source = *source;
	group->ek = *ek;
	group->held = held;
	group->weight = group_weight(common);
	group->oldest = SLAB_NONE;
	group->newest = SLAB_NONE;
	group->common_size = common.size;
	memcpy(group->common, common.data, common.size);
	return group;
}

static struct view
group_subject(const struct ek_hash *ek)
{
	return (struct view){ek->bytes, sizeof ek->bytes};
}

struct group *
groups_add(struct groups *groups, const struct source *source, const struct ek_hash *ek, bool held,
    struct view common)
{
	struct group  *made = group_new(source, ek, held, common);
	struct group **found = memory_check(tsearch(made, &groups->index, group_compare));
	struct group  *group = *found;

	if (group != made) {
		free(made);
		shares_weigh(groups->shares, &group->share, group->share.count + 1,
		    group->share.weight + group->weight);
	} else {
		shares_enter(groups->shares, &group->share, source, group_subject(ek), held);
		shares_weigh(groups->shares, &group->share, 1, group->weight);
	}
	groups->weight += group->weight;
	groups->held += held ? group->weight : 0;
	return group;
}

void
groups_remove(struct groups *groups, struct group *group)
{
	groups->weight -= group->weight;
	groups->held -= group->held ? group->weight : 0;
	if (group->share.count > 1) {
		shares_weigh(groups->shares, &group->share, group->share.count - 1,
		    group->share.weight - group->weight);
		return;
	}
	shares_leave(groups->shares, &group->share);
	(void)tdelete(group, &groups->index, group_compare);
	free(group);
}

struct group *
groups_victim(const struct groups *groups)
{
	struct share_entry *entry = shares_victim(groups->shares);

	return entry != NULL ? SHARES_ITEM(entry, struct group, share) : NULL;
}

size_t
groups_weight(const struct groups *groups)
{
	return groups->weight;
}

size_t
groups_held_weight(const struct groups *groups)
{
	return groups->held;
}

size_t
groups_held(const struct groups *groups, const struct source *source, const struct ek_hash *ek)
{
	return shares_held(groups->shares, source, group_subject(ek));
}
