#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
# usage: powerpc-tcg.pl VMLINUX OUT
#
# Copies a little-endian powerpc kernel, with dcbstps, dcbfps and phwsync as what a
# POWER9 takes them for: dcbf and hwsync, as it does not look at the bits that are
# new. QEMU's TCG calls them illegal (phwsync up to 9.0, the others still in 10.0),
# and the kernel has no other way to write back persistent memory. Prints how many
# there were.
use strict;
use warnings;

my ($in, $out) = @ARGV;
open(my $file, '<:raw', $in) or die "$in: $!\n";
my $image = do { local $/; <$file> };
substr($image, 0, 6) eq "\x7fELF\x02\x01" or die "$in is no little-endian ELF file of 64 bits\n";
my ($shoff) = unpack('x40 Q<', $image);
my ($shentsize, $shnum) = unpack('x58 S< S<', $image);
my $count = 0;
for my $n (0 .. $shnum - 1) {
	my ($type, $flags, $offset, $size) = unpack('x4 L< Q< x8 Q< Q<', substr($image, $shoff + $n * $shentsize, $shentsize));
	next unless $type == 1 && $flags & 4;
	for (my $at = $offset; $at + 4 <= $offset + $size; $at += 4) {
		my $word = unpack('L<', substr($image, $at, 4));
		my $op = $word & 0xffe007ff;
		next unless $op == 0x7cc000ac || $op == 0x7c8000ac || $word == 0x7c8004ac;
		substr($image, $at, 4) = pack('L<', $word & ~0x00e00000);
		$count++;
	}
}
open($file, '>:raw', $out) or die "$out: $!\n";
print $file $image or die "$out: $!\n";
close($file) or die "$out: $!\n";
print "$count\n";
