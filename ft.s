	.file	"<string>"
	.section	.ltext,"axl",@progbits
	.globl	_ZN8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29
	.p2align	4
	.type	_ZN8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29,@function
_ZN8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29:
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	pushq	%r15
	.cfi_def_cfa_offset 24
	pushq	%r14
	.cfi_def_cfa_offset 32
	pushq	%r13
	.cfi_def_cfa_offset 40
	pushq	%r12
	.cfi_def_cfa_offset 48
	pushq	%rbx
	.cfi_def_cfa_offset 56
	subq	$40, %rsp
	.cfi_def_cfa_offset 96
	.cfi_offset %rbx, -56
	.cfi_offset %r12, -48
	.cfi_offset %r13, -40
	.cfi_offset %r14, -32
	.cfi_offset %r15, -24
	.cfi_offset %rbp, -16
	movq	%rdi, 24(%rsp)
	movq	328(%rsp), %rdi
	movq	640(%rsp), %r12
	movq	568(%rsp), %r13
	movq	512(%rsp), %rbp
	movq	456(%rsp), %r14
	movq	384(%rsp), %rbx
	movabsq	$NRT_incref, %r15
	movq	%rdx, (%rsp)
	movq	%rsi, 16(%rsp)
	callq	*%r15
	movq	%rbx, %rdi
	callq	*%r15
	movq	%r14, %rdi
	callq	*%r15
	movq	%rbp, %rdi
	callq	*%r15
	movq	%r13, %rdi
	callq	*%r15
	movq	%r12, %rdi
	callq	*%r15
	movq	696(%rsp), %rdi
	callq	*%r15
	movq	752(%rsp), %rdi
	callq	*%r15
	movq	808(%rsp), %rdi
	callq	*%r15
	movq	864(%rsp), %rdi
	callq	*%r15
	movq	920(%rsp), %rdi
	callq	*%r15
	movq	976(%rsp), %rdi
	callq	*%r15
	movq	(%rsp), %rax
	testq	%rax, %rax
	jle	.LBB0_1
	movq	864(%rsp), %r13
	movq	808(%rsp), %rbp
	movq	752(%rsp), %r14
	movq	696(%rsp), %rbx
	addq	%rax, %rax
	vxorps	%xmm0, %xmm0, %xmm0
	vmovsd	%xmm0, (%rsp)
	leaq	1(%rax,%rax,4), %r12
	.p2align	4
.LBB0_3:
	movabsq	$NRT_incref, %r15
	movq	%rbx, %rdi
	callq	*%r15
	movq	%r14, %rdi
	callq	*%r15
	movq	%rbp, %rdi
	callq	*%r15
	movq	%r13, %rdi
	callq	*%r15
	movq	704(%rsp), %rcx
	movq	712(%rsp), %r8
	movq	720(%rsp), %r9
	movl	$0, 8(%rsp)
	leaq	8(%rsp), %rdi
	leaq	32(%rsp), %rsi
	movq	%rbx, %rdx
	pushq	$16
	.cfi_adjust_cfa_offset 8
	pushq	$10
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	pushq	928(%rsp)
	.cfi_adjust_cfa_offset 8
	movabsq	$_ZN3w2v6losses17negative_sampling13logistic_tileB2v9B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE24Literal_5bint_5d_2810_2924Literal_5bint_5d_2816_29, %rax
	callq	*%rax
	addq	$208, %rsp
	.cfi_adjust_cfa_offset -208
	testl	%eax, %eax
	jne	.LBB0_6
	vmovss	8(%rsp), %xmm0
	movabsq	$NRT_decref, %r15
	movq	%rbp, %rdi
	vmovss	%xmm0, 12(%rsp)
	callq	*%r15
	movq	%r14, %rdi
	callq	*%r15
	movq	%rbx, %rdi
	callq	*%r15
	movq	%r13, %rdi
	callq	*%r15
	vmovss	12(%rsp), %xmm0
	vmovsd	(%rsp), %xmm1
	decq	%r12
	vcvtss2sd	%xmm0, %xmm0, %xmm0
	vaddsd	%xmm0, %xmm1, %xmm1
	vmovsd	%xmm1, (%rsp)
	cmpq	$1, %r12
	jg	.LBB0_3
	jmp	.LBB0_5
.LBB0_1:
	movq	864(%rsp), %r13
	movq	808(%rsp), %rbp
	movq	752(%rsp), %r14
	movq	696(%rsp), %rbx
	vxorps	%xmm0, %xmm0, %xmm0
	vmovsd	%xmm0, (%rsp)
.LBB0_5:
	movq	328(%rsp), %rdi
	movabsq	$NRT_decref, %r15
	callq	*%r15
	movq	384(%rsp), %rdi
	callq	*%r15
	movq	456(%rsp), %rdi
	callq	*%r15
	movq	512(%rsp), %rdi
	callq	*%r15
	movq	568(%rsp), %rdi
	callq	*%r15
	movq	640(%rsp), %rdi
	callq	*%r15
	movq	%rbx, %rdi
	callq	*%r15
	movq	%r14, %rdi
	callq	*%r15
	movq	%rbp, %rdi
	callq	*%r15
	movq	%r13, %rdi
	callq	*%r15
	movq	920(%rsp), %rdi
	callq	*%r15
	movq	976(%rsp), %rdi
	callq	*%r15
	vmovsd	(%rsp), %xmm0
	movq	24(%rsp), %rax
	vmovsd	%xmm0, (%rax)
	xorl	%eax, %eax
	jmp	.LBB0_7
.LBB0_6:
	movq	16(%rsp), %rcx
	movq	$0, (%rcx)
.LBB0_7:
	addq	$40, %rsp
	.cfi_def_cfa_offset 56
	popq	%rbx
	.cfi_def_cfa_offset 48
	popq	%r12
	.cfi_def_cfa_offset 40
	popq	%r13
	.cfi_def_cfa_offset 32
	popq	%r14
	.cfi_def_cfa_offset 24
	popq	%r15
	.cfi_def_cfa_offset 16
	popq	%rbp
	.cfi_def_cfa_offset 8
	retq
.Lfunc_end0:
	.size	_ZN8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29, .Lfunc_end0-_ZN8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29
	.cfi_endproc

	.globl	_ZN7cpython8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29
	.p2align	4
	.type	_ZN7cpython8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29,@function
_ZN7cpython8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29:
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	pushq	%r15
	.cfi_def_cfa_offset 24
	pushq	%r14
	.cfi_def_cfa_offset 32
	pushq	%r13
	.cfi_def_cfa_offset 40
	pushq	%r12
	.cfi_def_cfa_offset 48
	pushq	%rbx
	.cfi_def_cfa_offset 56
	subq	$2376, %rsp
	.cfi_def_cfa_offset 2432
	.cfi_offset %rbx, -56
	.cfi_offset %r12, -48
	.cfi_offset %r13, -40
	.cfi_offset %r14, -32
	.cfi_offset %r15, -24
	.cfi_offset %rbp, -16
	movq	%rsi, %rdi
	leaq	1272(%rsp), %rax
	movabsq	$.const.f_tile, %rsi
	movabsq	$PyArg_UnpackTuple, %r10
	leaq	1288(%rsp), %r8
	leaq	1280(%rsp), %r9
	movl	$3, %edx
	movl	$3, %ecx
	movq	%rax, (%rsp)
	xorl	%eax, %eax
	callq	*%r10
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 2160(%rsp)
	vmovups	%ymm0, 2096(%rsp)
	vmovups	%ymm0, 2032(%rsp)
	vmovups	%ymm0, 1888(%rsp)
	vmovups	%ymm0, 1848(%rsp)
	vmovups	%ymm0, 1680(%rsp)
	vmovups	%ymm0, 1488(%rsp)
	vmovups	%ymm0, 1424(%rsp)
	vmovups	%ymm0, 1360(%rsp)
	vmovups	%ymm0, 1296(%rsp)
	vmovups	%ymm0, 1640(%rsp)
	vmovups	%ymm0, 1576(%rsp)
	vmovups	%ymm0, 2304(%rsp)
	vmovups	%ymm0, 2336(%rsp)
	movq	$0, 2368(%rsp)
	vmovups	%ymm0, 2224(%rsp)
	vmovups	%ymm0, 2256(%rsp)
	movq	$0, 2288(%rsp)
	vmovups	%ymm0, 2184(%rsp)
	vmovups	%ymm0, 2120(%rsp)
	vmovups	%ymm0, 2056(%rsp)
	vmovups	%ymm0, 1952(%rsp)
	vmovups	%ymm0, 1984(%rsp)
	movq	$0, 2016(%rsp)
	vmovups	%ymm0, 1912(%rsp)
	vmovups	%ymm0, 1824(%rsp)
	vmovups	%ymm0, 1744(%rsp)
	vmovups	%ymm0, 1776(%rsp)
	movq	$0, 1808(%rsp)
	vmovups	%ymm0, 1704(%rsp)
	vmovups	%ymm0, 1512(%rsp)
	vmovups	%ymm0, 1448(%rsp)
	vmovups	%ymm0, 1384(%rsp)
	vmovups	%ymm0, 1320(%rsp)
	vmovups	%ymm0, 1616(%rsp)
	vmovups	%ymm0, 1552(%rsp)
	movq	$0, 968(%rsp)
	movq	$0, 1048(%rsp)
	testl	%eax, %eax
	je	.LBB1_79
	movabsq	$_ZN08NumbaEnv8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29, %rax
	cmpq	$0, (%rax)
	je	.LBB1_46
	movq	1288(%rsp), %rdi
	movabsq	$PyNumber_Long, %rax
	vzeroupper
	callq	*%rax
	testq	%rax, %rax
	je	.LBB1_48
	movabsq	$PyLong_AsLongLong, %r15
	movq	%rax, %rbx
	movq	%rbx, %rdi
	callq	*%r15
	movabsq	$Py_DecRef, %r14
	movq	%rbx, %rdi
	movq	%rax, %r12
	callq	*%r14
	movabsq	$PyErr_Occurred, %rax
	callq	*%rax
	testq	%rax, %rax
	jne	.LBB1_79
.LBB1_4:
	movq	1280(%rsp), %rbx
	movabsq	$PyTuple_Size, %r13
	movq	%rbx, %rdi
	callq	*%r13
	cmpq	$4, %rax
	setne	%bpl
	jne	.LBB1_50
.LBB1_5:
	movabsq	$PyTuple_GetItem, %rax
	movq	%rbx, %rdi
	xorl	%esi, %esi
	callq	*%rax
	movabsq	$NRT_adapt_ndarray_from_python, %r15
	leaq	2304(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	movq	%rax, %rdi
	vmovups	%ymm0, 2304(%rsp)
	vmovups	%ymm0, 2336(%rsp)
	movq	$0, 2368(%rsp)
	vzeroupper
	callq	*%r15
	cmpq	$4, 2328(%rsp)
	setne	%cl
	testl	%eax, %eax
	setne	%r14b
	orb	%cl, %r14b
	cmpb	$1, %r14b
	je	.LBB1_51
	testb	%r14b, %r14b
	jne	.LBB1_52
.LBB1_7:
	movq	2304(%rsp), %rax
	movl	$1, %esi
	movq	%rbx, %rdi
	movq	%rax, 1000(%rsp)
	movabsq	$PyTuple_GetItem, %rax
	callq	*%rax
	leaq	2224(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	movq	%rax, %rdi
	vmovups	%ymm0, 2224(%rsp)
	vmovups	%ymm0, 2256(%rsp)
	movq	$0, 2288(%rsp)
	vzeroupper
	callq	*%r15
	cmpq	$4, 2248(%rsp)
	setne	%cl
	testl	%eax, %eax
	setne	%r14b
	orb	%cl, %r14b
	cmpb	$1, %r14b
	je	.LBB1_53
	testb	%r14b, %r14b
	jne	.LBB1_54
.LBB1_9:
	movq	2224(%rsp), %r14
	movl	$2, %esi
	movabsq	$PyTuple_GetItem, %rax
	movq	%rbx, %rdi
	callq	*%rax
	leaq	2160(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 2160(%rsp)
	movq	%rax, %rdi
	vmovups	%ymm0, 2184(%rsp)
	vzeroupper
	callq	*%r15
	testl	%eax, %eax
	jne	.LBB1_49
	cmpq	$4, 2184(%rsp)
	jne	.LBB1_49
.LBB1_11:
	movq	2160(%rsp), %rax
	movl	$3, %esi
	movq	%rbx, %rdi
	movq	%rax, 992(%rsp)
	movabsq	$PyTuple_GetItem, %rax
	callq	*%rax
	leaq	2096(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 2096(%rsp)
	movq	%rax, %rdi
	vmovups	%ymm0, 2120(%rsp)
	vzeroupper
	callq	*%r15
	cmpq	$4, 2120(%rsp)
	setne	%cl
	testl	%eax, %eax
	setne	%bl
	orb	%cl, %bl
	cmpb	$1, %bl
	je	.LBB1_55
	orb	%bl, %bpl
	jne	.LBB1_79
.LBB1_13:
	movq	%r14, 984(%rsp)
	movq	2096(%rsp), %rax
	movq	1272(%rsp), %r14
	movq	%r14, %rdi
	movq	%rax, 976(%rsp)
	callq	*%r13
	cmpq	$12, %rax
	setne	%bpl
	jne	.LBB1_67
.LBB1_14:
	movabsq	$PyTuple_GetItem, %r13
	movq	%r14, %rdi
	xorl	%esi, %esi
	callq	*%r13
	leaq	2032(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 2032(%rsp)
	movq	%rax, %rdi
	vmovups	%ymm0, 2056(%rsp)
	vzeroupper
	callq	*%r15
	testl	%eax, %eax
	jne	.LBB1_56
	cmpq	$8, 2056(%rsp)
	jne	.LBB1_56
.LBB1_16:
	movq	2032(%rsp), %rax
	movl	$1, %esi
	movq	%r14, %rdi
	movq	%rax, 1264(%rsp)
	callq	*%r13
	leaq	1952(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	movq	%rax, %rdi
	vmovups	%ymm0, 1952(%rsp)
	vmovups	%ymm0, 1984(%rsp)
	movq	$0, 2016(%rsp)
	vzeroupper
	callq	*%r15
	cmpq	$4, 1976(%rsp)
	setne	%cl
	testl	%eax, %eax
	setne	%bl
	orb	%cl, %bl
	cmpb	$1, %bl
	je	.LBB1_68
	testb	%bl, %bl
	jne	.LBB1_69
.LBB1_18:
	movq	1952(%rsp), %rax
	movl	$2, %esi
	movq	%r14, %rdi
	movq	%rax, 1256(%rsp)
	callq	*%r13
	leaq	1888(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 1888(%rsp)
	movq	%rax, %rdi
	vmovups	%ymm0, 1912(%rsp)
	vzeroupper
	callq	*%r15
	testl	%eax, %eax
	jne	.LBB1_57
	cmpq	$8, 1912(%rsp)
	jne	.LBB1_57
.LBB1_20:
	movq	1888(%rsp), %rax
	movl	$3, %esi
	movq	%r14, %rdi
	movq	%rax, 1248(%rsp)
	callq	*%r13
	leaq	1824(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 1824(%rsp)
	movq	%rax, %rdi
	vmovups	%ymm0, 1848(%rsp)
	vzeroupper
	callq	*%r15
	testl	%eax, %eax
	jne	.LBB1_58
	cmpq	$8, 1848(%rsp)
	jne	.LBB1_58
.LBB1_22:
	movq	1824(%rsp), %rax
	movl	$4, %esi
	movq	%r14, %rdi
	movq	%rax, 1240(%rsp)
	callq	*%r13
	leaq	1744(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	movq	%rax, %rdi
	vmovups	%ymm0, 1744(%rsp)
	vmovups	%ymm0, 1776(%rsp)
	movq	$0, 1808(%rsp)
	vzeroupper
	callq	*%r15
	cmpq	$4, 1768(%rsp)
	setne	%cl
	testl	%eax, %eax
	setne	%bl
	orb	%cl, %bl
	cmpb	$1, %bl
	je	.LBB1_70
	testb	%bl, %bl
	jne	.LBB1_71
.LBB1_24:
	movq	1744(%rsp), %rax
	movl	$5, %esi
	movq	%r14, %rdi
	movq	%rax, 1232(%rsp)
	callq	*%r13
	leaq	1680(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 1680(%rsp)
	movq	%rax, %rdi
	vmovups	%ymm0, 1704(%rsp)
	vzeroupper
	callq	*%r15
	testl	%eax, %eax
	jne	.LBB1_59
	cmpq	$4, 1704(%rsp)
	jne	.LBB1_59
.LBB1_26:
	movq	1680(%rsp), %rax
	movl	$6, %esi
	movq	%r14, %rdi
	movq	%rax, 1040(%rsp)
	callq	*%r13
	leaq	1488(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 1488(%rsp)
	movq	%rax, %rdi
	vmovups	%ymm0, 1512(%rsp)
	vzeroupper
	callq	*%r15
	movq	1512(%rsp), %rbx
	testl	%eax, %eax
	jne	.LBB1_60
	cmpq	$4, %rbx
	jne	.LBB1_60
.LBB1_28:
	movq	1496(%rsp), %rcx
	movq	1504(%rsp), %rdx
	movq	1488(%rsp), %rax
	movl	$7, %esi
	movq	%r14, %rdi
	movq	%rcx, 944(%rsp)
	movq	1520(%rsp), %rcx
	movq	%rdx, 1224(%rsp)
	movq	1528(%rsp), %rdx
	movq	%rax, 1032(%rsp)
	movq	%rcx, 1216(%rsp)
	movq	1536(%rsp), %rcx
	movq	%rdx, 1208(%rsp)
	movq	%rcx, 1200(%rsp)
	callq	*%r13
	leaq	1424(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 1424(%rsp)
	movq	%rax, %rdi
	vmovups	%ymm0, 1448(%rsp)
	vzeroupper
	callq	*%r15
	movq	1448(%rsp), %rcx
	movq	%rcx, 1192(%rsp)
	testl	%eax, %eax
	jne	.LBB1_61
	cmpq	$4, %rcx
	jne	.LBB1_61
.LBB1_30:
	movq	1432(%rsp), %rcx
	movq	1440(%rsp), %rdx
	movq	1424(%rsp), %rax
	movl	$8, %esi
	movq	%r14, %rdi
	movq	%rbx, 952(%rsp)
	movq	%rcx, 1184(%rsp)
	movq	1456(%rsp), %rcx
	movq	%rdx, 1176(%rsp)
	movq	1464(%rsp), %rdx
	movq	%rax, 1024(%rsp)
	movq	%rcx, 1168(%rsp)
	movq	1472(%rsp), %rcx
	movq	%rdx, 1160(%rsp)
	movq	%rcx, 1152(%rsp)
	callq	*%r13
	leaq	1360(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 1360(%rsp)
	movq	%rax, %rdi
	vmovups	%ymm0, 1384(%rsp)
	vzeroupper
	callq	*%r15
	movq	1384(%rsp), %rbx
	testl	%eax, %eax
	jne	.LBB1_62
	cmpq	$4, %rbx
	jne	.LBB1_62
.LBB1_32:
	movq	1368(%rsp), %rcx
	movq	1376(%rsp), %rdx
	movq	1360(%rsp), %rax
	movl	$9, %esi
	movq	%r14, %rdi
	movq	%rbx, 1144(%rsp)
	movq	%r12, 960(%rsp)
	movq	%rcx, 1136(%rsp)
	movq	1392(%rsp), %rcx
	movq	%rdx, 1128(%rsp)
	movq	1400(%rsp), %rdx
	movq	%rax, 1016(%rsp)
	movq	%rcx, 1120(%rsp)
	movq	1408(%rsp), %rcx
	movq	%rdx, 1112(%rsp)
	movq	%rcx, 1104(%rsp)
	callq	*%r13
	leaq	1296(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 1296(%rsp)
	movq	%rax, %rdi
	vmovups	%ymm0, 1320(%rsp)
	vzeroupper
	callq	*%r15
	movq	1320(%rsp), %rbx
	testl	%eax, %eax
	jne	.LBB1_63
	cmpq	$4, %rbx
	jne	.LBB1_63
.LBB1_34:
	movq	1304(%rsp), %rdx
	movq	1312(%rsp), %rcx
	movq	1296(%rsp), %rax
	movq	1344(%rsp), %r12
	movl	$10, %esi
	movq	%r14, %rdi
	movq	%rdx, 1096(%rsp)
	movq	%rcx, 1088(%rsp)
	movq	1328(%rsp), %rdx
	movq	1336(%rsp), %rcx
	movq	%rax, 1008(%rsp)
	movabsq	$PyTuple_GetItem, %rax
	movq	%rdx, 1080(%rsp)
	movq	%rcx, 1072(%rsp)
	callq	*%rax
	leaq	1616(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 1616(%rsp)
	movq	%rax, %rdi
	vmovups	%ymm0, 1640(%rsp)
	vzeroupper
	callq	*%r15
	testl	%eax, %eax
	jne	.LBB1_64
	cmpq	$4, 1640(%rsp)
	jne	.LBB1_64
.LBB1_36:
	movq	1616(%rsp), %r13
	movl	$11, %esi
	movabsq	$PyTuple_GetItem, %rax
	movq	%r14, %rdi
	callq	*%rax
	leaq	1552(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 1552(%rsp)
	movq	%rax, %rdi
	vmovups	%ymm0, 1576(%rsp)
	vzeroupper
	callq	*%r15
	testl	%eax, %eax
	jne	.LBB1_65
	cmpq	$4, 1576(%rsp)
	jne	.LBB1_65
	testb	%bpl, %bpl
	jne	.LBB1_66
	movq	1552(%rsp), %r14
	movabsq	$PyEval_SaveThread, %rax
	movq	%r14, 1064(%rsp)
	callq	*%rax
	movq	1072(%rsp), %rdx
	movq	1080(%rsp), %rsi
	movq	%r12, 816(%rsp)
	movq	%rbx, 792(%rsp)
	movq	%r14, 880(%rsp)
	movq	1232(%rsp), %r14
	movq	1240(%rsp), %rbx
	movq	1248(%rsp), %rbp
	movq	1264(%rsp), %r12
	movq	%r13, 1056(%rsp)
	movq	%r13, 824(%rsp)
	movq	1256(%rsp), %r13
	movq	%rax, %r15
	movabsq	$_ZN8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29, %rax
	leaq	968(%rsp), %rdi
	movq	$0, 968(%rsp)
	movq	%rdx, 808(%rsp)
	movq	1088(%rsp), %rdx
	movq	%rsi, 800(%rsp)
	movq	1096(%rsp), %rsi
	movq	%r14, 472(%rsp)
	movq	%rbx, 416(%rsp)
	movq	%rbp, 360(%rsp)
	movq	%r13, 288(%rsp)
	movq	%r12, 232(%rsp)
	movq	%rdx, 784(%rsp)
	movq	1104(%rsp), %rdx
	movq	%rsi, 776(%rsp)
	movq	1112(%rsp), %rsi
	movq	%rdx, 760(%rsp)
	movq	1120(%rsp), %rdx
	movq	%rsi, 752(%rsp)
	movq	1144(%rsp), %rsi
	movq	%rdx, 744(%rsp)
	movq	1128(%rsp), %rdx
	movq	%rsi, 736(%rsp)
	movq	1136(%rsp), %rsi
	movq	%rdx, 728(%rsp)
	movq	1152(%rsp), %rdx
	movq	%rsi, 720(%rsp)
	movq	1160(%rsp), %rsi
	movq	%rdx, 704(%rsp)
	movq	1168(%rsp), %rdx
	movq	%rsi, 696(%rsp)
	movq	1192(%rsp), %rsi
	movq	%rdx, 688(%rsp)
	movq	1176(%rsp), %rdx
	movq	%rsi, 680(%rsp)
	movq	1184(%rsp), %rsi
	movq	%rdx, 672(%rsp)
	movq	1200(%rsp), %rdx
	movq	%rsi, 664(%rsp)
	movq	1208(%rsp), %rsi
	movq	%rdx, 648(%rsp)
	movq	1216(%rsp), %rdx
	movq	%rsi, 640(%rsp)
	movq	1008(%rsp), %rsi
	movq	%rdx, 632(%rsp)
	movq	1016(%rsp), %rdx
	movq	%rsi, 768(%rsp)
	movq	1024(%rsp), %rsi
	movq	%rdx, 712(%rsp)
	movq	952(%rsp), %rdx
	movq	%rsi, 656(%rsp)
	movq	1224(%rsp), %rsi
	movq	%rdx, 624(%rsp)
	movq	944(%rsp), %rdx
	movq	%rsi, 616(%rsp)
	movq	1032(%rsp), %rsi
	movq	%rdx, 608(%rsp)
	movq	1040(%rsp), %rdx
	movq	%rsi, 600(%rsp)
	leaq	1048(%rsp), %rsi
	movq	%rdx, 544(%rsp)
	movq	960(%rsp), %rdx
	callq	*%rax
	vmovsd	968(%rsp), %xmm0
	movl	%eax, 960(%rsp)
	movq	1048(%rsp), %rax
	movq	%r15, %rdi
	movq	%rax, 944(%rsp)
	movabsq	$PyEval_RestoreThread, %rax
	vmovsd	%xmm0, 952(%rsp)
	callq	*%rax
	movq	1000(%rsp), %rdi
	movabsq	$NRT_decref, %r15
	callq	*%r15
	movq	984(%rsp), %rdi
	callq	*%r15
	movq	992(%rsp), %rdi
	callq	*%r15
	movq	976(%rsp), %rdi
	callq	*%r15
	movq	%r12, %rdi
	callq	*%r15
	movq	%r13, %rdi
	callq	*%r15
	movq	%rbp, %rdi
	callq	*%r15
	movq	%rbx, %rdi
	callq	*%r15
	movq	%r14, %rdi
	callq	*%r15
	movq	1040(%rsp), %rdi
	callq	*%r15
	movq	1032(%rsp), %rdi
	callq	*%r15
	movq	1024(%rsp), %rdi
	callq	*%r15
	movq	1016(%rsp), %rdi
	callq	*%r15
	movq	1008(%rsp), %rdi
	callq	*%r15
	movq	1056(%rsp), %rdi
	callq	*%r15
	movq	1064(%rsp), %rdi
	callq	*%r15
	movl	960(%rsp), %eax
	testl	%eax, %eax
	jne	.LBB1_42
	vmovsd	952(%rsp), %xmm0
	movabsq	$PyFloat_FromDouble, %rax
	callq	*%rax
.LBB1_41:
	addq	$2376, %rsp
	.cfi_def_cfa_offset 56
	popq	%rbx
	.cfi_def_cfa_offset 48
	popq	%r12
	.cfi_def_cfa_offset 40
	popq	%r13
	.cfi_def_cfa_offset 32
	popq	%r14
	.cfi_def_cfa_offset 24
	popq	%r15
	.cfi_def_cfa_offset 16
	popq	%rbp
	.cfi_def_cfa_offset 8
	vzeroupper
	retq
.LBB1_42:
	.cfi_def_cfa_offset 2432
	movq	944(%rsp), %r14
	jle	.LBB1_72
	movabsq	$PyErr_Clear, %rax
	callq	*%rax
	movl	8(%r14), %esi
	movq	(%r14), %rdi
	cmpl	$0, 32(%r14)
	jle	.LBB1_75
	movslq	%esi, %rsi
	movabsq	$PyBytes_FromStringAndSize, %rax
	callq	*%rax
	movq	16(%r14), %rdi
	movq	%rax, %rbx
	callq	*24(%r14)
	testq	%rax, %rax
	je	.LBB1_81
	movabsq	$numba_runtime_build_excinfo_struct, %rcx
	movq	%rbx, %rdi
	movq	%rax, %rsi
	callq	*%rcx
	movabsq	$NRT_Free, %r15
	movq	%r14, %rdi
	movq	%rax, %rbx
	callq	*%r15
	jmp	.LBB1_76
.LBB1_46:
	movabsq	$PyExc_RuntimeError, %rdi
	movabsq	$".const.missing Environment: _ZN08NumbaEnv8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29", %rsi
.LBB1_47:
	movabsq	$PyErr_SetString, %rax
	vzeroupper
	callq	*%rax
	jmp	.LBB1_79
.LBB1_48:
	xorl	%r12d, %r12d
	movabsq	$PyErr_Occurred, %rax
	callq	*%rax
	testq	%rax, %rax
	je	.LBB1_4
	jmp	.LBB1_79
.LBB1_49:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	movb	$1, %bpl
	jmp	.LBB1_11
.LBB1_50:
	movabsq	$PyExc_ValueError, %rdi
	movabsq	$".const.size mismatch for tuple, expected 4 element(s) but got %zd", %rsi
	movabsq	$PyErr_Format, %rcx
	movq	%rax, %rdx
	xorl	%eax, %eax
	callq	*%rcx
	jmp	.LBB1_5
.LBB1_51:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	testb	%r14b, %r14b
	je	.LBB1_7
.LBB1_52:
	movb	$1, %bpl
	jmp	.LBB1_7
.LBB1_53:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	testb	%r14b, %r14b
	je	.LBB1_9
.LBB1_54:
	movb	$1, %bpl
	jmp	.LBB1_9
.LBB1_55:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	orb	%bl, %bpl
	je	.LBB1_13
	jmp	.LBB1_79
.LBB1_56:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	movb	$1, %bpl
	jmp	.LBB1_16
.LBB1_57:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	movb	$1, %bpl
	jmp	.LBB1_20
.LBB1_58:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	movb	$1, %bpl
	jmp	.LBB1_22
.LBB1_59:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	movb	$1, %bpl
	jmp	.LBB1_26
.LBB1_60:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	movb	$1, %bpl
	jmp	.LBB1_28
.LBB1_61:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	movb	$1, %bpl
	jmp	.LBB1_30
.LBB1_62:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	movb	$1, %bpl
	jmp	.LBB1_32
.LBB1_63:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	movb	$1, %bpl
	jmp	.LBB1_34
.LBB1_64:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	movb	$1, %bpl
	jmp	.LBB1_36
.LBB1_65:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
.LBB1_66:
	movq	1000(%rsp), %rdi
	movabsq	$NRT_decref, %rbx
	callq	*%rbx
	movq	984(%rsp), %rdi
	callq	*%rbx
	movq	992(%rsp), %rdi
	callq	*%rbx
	movq	976(%rsp), %rdi
	callq	*%rbx
	jmp	.LBB1_79
.LBB1_67:
	movabsq	$PyExc_ValueError, %rdi
	movabsq	$".const.size mismatch for tuple, expected 12 element(s) but got %zd", %rsi
	movabsq	$PyErr_Format, %rcx
	movq	%rax, %rdx
	xorl	%eax, %eax
	callq	*%rcx
	jmp	.LBB1_14
.LBB1_68:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	testb	%bl, %bl
	je	.LBB1_18
.LBB1_69:
	movb	$1, %bpl
	jmp	.LBB1_18
.LBB1_70:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	testb	%bl, %bl
	je	.LBB1_24
.LBB1_71:
	movb	$1, %bpl
	jmp	.LBB1_24
.LBB1_72:
	cmpl	$-3, %eax
	je	.LBB1_80
	cmpl	$-1, %eax
	je	.LBB1_79
	movabsq	$PyExc_SystemError, %rdi
	movabsq	$".const.unknown error when calling native function", %rsi
	jmp	.LBB1_47
.LBB1_75:
	movq	16(%r14), %rdx
	movabsq	$numba_unpickle, %rax
	callq	*%rax
	movq	%rax, %rbx
.LBB1_76:
	testq	%rbx, %rbx
	je	.LBB1_79
	movabsq	$numba_do_raise, %rax
	movq	%rbx, %rdi
.LBB1_78:
	callq	*%rax
.LBB1_79:
	xorl	%eax, %eax
	jmp	.LBB1_41
.LBB1_80:
	movabsq	$PyExc_StopIteration, %rdi
	movabsq	$PyErr_SetNone, %rax
	jmp	.LBB1_78
.LBB1_81:
	movabsq	$PyExc_RuntimeError, %rdi
	movabsq	$".const.Error creating Python tuple from runtime exception arguments", %rsi
	jmp	.LBB1_47
.Lfunc_end1:
	.size	_ZN7cpython8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29, .Lfunc_end1-_ZN7cpython8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29
	.cfi_endproc

	.globl	cfunc._ZN8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29
	.p2align	4
	.type	cfunc._ZN8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29,@function
cfunc._ZN8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29:
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	pushq	%r14
	.cfi_def_cfa_offset 24
	pushq	%rbx
	.cfi_def_cfa_offset 32
	subq	$976, %rsp
	.cfi_def_cfa_offset 1008
	.cfi_offset %rbx, -32
	.cfi_offset %r14, -24
	.cfi_offset %rbp, -16
	vmovups	1592(%rsp), %ymm0
	vmovups	1624(%rsp), %ymm1
	vmovups	1656(%rsp), %ymm2
	vmovups	1688(%rsp), %ymm3
	vmovups	1720(%rsp), %ymm4
	vmovups	1752(%rsp), %ymm5
	vmovups	1784(%rsp), %ymm6
	movq	%rdi, %rdx
	movq	1816(%rsp), %r10
	movq	1872(%rsp), %r11
	movq	1224(%rsp), %rax
	movq	1352(%rsp), %rsi
	movq	1408(%rsp), %rdi
	movq	1280(%rsp), %rcx
	movq	1464(%rsp), %r8
	movq	1536(%rsp), %r9
	movq	$0, 960(%rsp)
	movq	$0, 952(%rsp)
	movq	%r11, 880(%rsp)
	movq	%r10, 824(%rsp)
	vmovups	%ymm6, 792(%rsp)
	vmovups	%ymm5, 760(%rsp)
	vmovups	%ymm4, 728(%rsp)
	vmovups	%ymm3, 696(%rsp)
	vmovups	%ymm2, 664(%rsp)
	vmovups	%ymm1, 632(%rsp)
	vmovups	%ymm0, 600(%rsp)
	movq	%rdi, 416(%rsp)
	movq	%rsi, 360(%rsp)
	movq	%rax, 232(%rsp)
	movabsq	$_ZN8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29, %rax
	leaq	960(%rsp), %rdi
	leaq	952(%rsp), %rsi
	movq	%r9, 544(%rsp)
	movq	%r8, 472(%rsp)
	movq	%rcx, 288(%rsp)
	vzeroupper
	callq	*%rax
	vmovsd	960(%rsp), %xmm0
	movq	952(%rsp), %rbx
	movl	$0, 948(%rsp)
	testl	%eax, %eax
	jne	.LBB2_1
.LBB2_8:
	addq	$976, %rsp
	.cfi_def_cfa_offset 32
	popq	%rbx
	.cfi_def_cfa_offset 24
	popq	%r14
	.cfi_def_cfa_offset 16
	popq	%rbp
	.cfi_def_cfa_offset 8
	retq
.LBB2_1:
	.cfi_def_cfa_offset 1008
	movabsq	$numba_gil_ensure, %rcx
	leaq	948(%rsp), %rdi
	vmovsd	%xmm0, 968(%rsp)
	movl	%eax, %ebp
	callq	*%rcx
	testl	%ebp, %ebp
	jle	.LBB2_9
	movabsq	$PyErr_Clear, %rax
	callq	*%rax
	movl	8(%rbx), %esi
	movq	(%rbx), %rdi
	cmpl	$0, 32(%rbx)
	jle	.LBB2_12
	movslq	%esi, %rsi
	movabsq	$PyBytes_FromStringAndSize, %rax
	callq	*%rax
	movq	16(%rbx), %rdi
	movq	%rax, %r14
	callq	*24(%rbx)
	testq	%rax, %rax
	je	.LBB2_4
	movabsq	$numba_runtime_build_excinfo_struct, %rcx
	movq	%r14, %rdi
	movq	%rax, %rsi
	callq	*%rcx
	movabsq	$NRT_Free, %rbp
	movq	%rbx, %rdi
	movq	%rax, %r14
	callq	*%rbp
	jmp	.LBB2_13
.LBB2_9:
	movl	%ebp, %eax
	cmpl	$-3, %ebp
	je	.LBB2_5
	cmpl	$-1, %eax
	je	.LBB2_7
	movabsq	$PyExc_SystemError, %rdi
	movabsq	$".const.unknown error when calling native function.2", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	jmp	.LBB2_7
.LBB2_12:
	movq	16(%rbx), %rdx
	movabsq	$numba_unpickle, %rax
	callq	*%rax
	movq	%rax, %r14
.LBB2_13:
	testq	%r14, %r14
	je	.LBB2_7
	movabsq	$numba_do_raise, %rax
	movq	%r14, %rdi
.LBB2_6:
	callq	*%rax
.LBB2_7:
	movabsq	$".const.<numba.core.cpu.CPUContext>", %rdi
	movabsq	$PyUnicode_FromString, %rax
	callq	*%rax
	movabsq	$PyErr_WriteUnraisable, %r14
	movq	%rax, %rbx
	movq	%rbx, %rdi
	callq	*%r14
	movabsq	$Py_DecRef, %rax
	movq	%rbx, %rdi
	callq	*%rax
	movabsq	$numba_gil_release, %rax
	leaq	948(%rsp), %rdi
	callq	*%rax
	vmovsd	968(%rsp), %xmm0
	jmp	.LBB2_8
.LBB2_5:
	movabsq	$PyExc_StopIteration, %rdi
	movabsq	$PyErr_SetNone, %rax
	jmp	.LBB2_6
.LBB2_4:
	movabsq	$PyExc_RuntimeError, %rdi
	movabsq	$".const.Error creating Python tuple from runtime exception arguments.1", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	vxorps	%xmm0, %xmm0, %xmm0
	jmp	.LBB2_8
.Lfunc_end2:
	.size	cfunc._ZN8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29, .Lfunc_end2-cfunc._ZN8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29
	.cfi_endproc

	.section	.rodata.cst4,"aM",@progbits,4
	.p2align	2, 0x0
.LCPI3_0:
	.long	0x40000000
.LCPI3_1:
	.long	0x3f800000
.LCPI3_2:
	.long	0x7fffffff
.LCPI3_3:
	.long	0x80000000
.LCPI3_4:
	.long	0x42ae0000
.LCPI3_5:
	.long	0xc2ae0000
.LCPI3_6:
	.long	0x3fb8aa3b
.LCPI3_7:
	.long	0x3f000000
.LCPI3_8:
	.long	0x3f317218
.LCPI3_9:
	.long	0x39506967
.LCPI3_10:
	.long	0x3ab743ce
.LCPI3_11:
	.long	0x3c088908
.LCPI3_12:
	.long	0x3d2aa9c1
.LCPI3_13:
	.long	0x3e2aaaaa
.LCPI3_14:
	.long	0x3d888889
.LCPI3_15:
	.long	0x3d9d89d9
.LCPI3_16:
	.long	0x3dba2e8c
.LCPI3_17:
	.long	0x3de38e39
.LCPI3_18:
	.long	0x3e124925
.LCPI3_19:
	.long	0x3e4ccccd
.LCPI3_20:
	.long	0x3eaaaaab
.LCPI3_21:
	.long	0xbf317218
	.section	.ltext,"axl",@progbits
	.weak	_ZN3w2v6losses17negative_sampling13logistic_tileB2v9B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE24Literal_5bint_5d_2810_2924Literal_5bint_5d_2816_29
	.p2align	4
	.type	_ZN3w2v6losses17negative_sampling13logistic_tileB2v9B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE24Literal_5bint_5d_2810_2924Literal_5bint_5d_2816_29,@function
_ZN3w2v6losses17negative_sampling13logistic_tileB2v9B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE24Literal_5bint_5d_2810_2924Literal_5bint_5d_2816_29:
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	pushq	%r15
	.cfi_def_cfa_offset 24
	pushq	%r14
	.cfi_def_cfa_offset 32
	pushq	%rbx
	.cfi_def_cfa_offset 40
	subq	$616, %rsp
	.cfi_def_cfa_offset 656
	.cfi_offset %rbx, -40
	.cfi_offset %r14, -32
	.cfi_offset %r15, -24
	.cfi_offset %rbp, -16
	movq	712(%rsp), %rdx
	movq	824(%rsp), %rax
	movq	656(%rsp), %rsi
	movq	768(%rsp), %rcx
	leaq	640(%rdx), %r8
	leaq	640(%rax), %rbx
	leaq	640(%rsi), %r10
	leaq	640(%rcx), %r14
	cmpq	%r8, %rax
	setb	%r9b
	cmpq	%rbx, %rdx
	setb	%r11b
	cmpq	%r10, %rax
	setb	%r8b
	cmpq	%rbx, %rsi
	setb	%r10b
	cmpq	%r14, %rax
	setb	%bpl
	cmpq	%rbx, %rcx
	setb	%bl
	testb	%bl, %bpl
	jne	.LBB3_7
	andb	%r11b, %r9b
	jne	.LBB3_7
	andb	%r10b, %r8b
	jne	.LBB3_7
	movabsq	$.LCPI3_2, %r10
	movabsq	$.LCPI3_0, %r9
	movabsq	$.LCPI3_17, %r11
	movabsq	$.LCPI3_18, %rbx
	movabsq	$.LCPI3_19, %r14
	movabsq	$.LCPI3_20, %r15
	movl	$8, %r8d
	vxorps	%xmm12, %xmm12, %xmm12
	vxorps	%xmm11, %xmm11, %xmm11
	vbroadcastss	(%r10), %ymm3
	movabsq	$.LCPI3_3, %r10
	vbroadcastss	(%r9), %ymm0
	movabsq	$.LCPI3_1, %r9
	vbroadcastss	(%r10), %ymm2
	movabsq	$.LCPI3_4, %r10
	vbroadcastss	(%r9), %ymm1
	vmovups	%ymm3, 160(%rsp)
	vbroadcastss	(%r10), %ymm3
	movabsq	$.LCPI3_5, %r10
	vmovups	%ymm0, 192(%rsp)
	vmovups	%ymm2, 128(%rsp)
	vbroadcastss	(%r10), %ymm2
	movabsq	$.LCPI3_6, %r10
	vmovups	192(%rsp), %ymm7
	vmovups	%ymm3, 96(%rsp)
	vbroadcastss	(%r10), %ymm3
	movabsq	$.LCPI3_7, %r10
	vmovups	%ymm2, 64(%rsp)
	vbroadcastss	(%r10), %ymm2
	movabsq	$.LCPI3_16, %r10
	vmovups	%ymm3, 32(%rsp)
	vbroadcastss	(%r9), %ymm3
	movabsq	$.LCPI3_8, %r9
	vmovups	%ymm2, (%rsp)
	vbroadcastss	(%r9), %ymm2
	movabsq	$.LCPI3_9, %r9
	vmovups	%ymm3, -32(%rsp)
	vbroadcastss	(%r9), %ymm3
	movabsq	$.LCPI3_10, %r9
	vmovups	%ymm2, -64(%rsp)
	vbroadcastss	(%r9), %ymm2
	movabsq	$.LCPI3_11, %r9
	vmovups	%ymm3, -96(%rsp)
	vbroadcastss	(%r9), %ymm3
	movabsq	$.LCPI3_12, %r9
	vmovups	%ymm2, -128(%rsp)
	vbroadcastss	(%r9), %ymm2
	movabsq	$.LCPI3_13, %r9
	vmovups	%ymm3, 576(%rsp)
	vbroadcastss	(%r9), %ymm3
	movabsq	$.LCPI3_14, %r9
	vmovups	%ymm2, 544(%rsp)
	vbroadcastss	(%r9), %ymm2
	movabsq	$.LCPI3_15, %r9
	vmovups	%ymm3, 512(%rsp)
	vbroadcastss	(%r9), %ymm3
	vmovups	%ymm2, 480(%rsp)
	vbroadcastss	(%r10), %ymm2
	vmovups	%ymm3, 448(%rsp)
	vbroadcastss	(%r11), %ymm3
	vmovups	%ymm2, 416(%rsp)
	vbroadcastss	(%rbx), %ymm2
	vmovups	%ymm3, 384(%rsp)
	vbroadcastss	(%r14), %ymm3
	vmovups	%ymm2, 352(%rsp)
	vbroadcastss	(%r15), %ymm2
	vmovups	%ymm3, 320(%rsp)
	vmovups	%ymm2, 288(%rsp)
	.p2align	4
.LBB3_4:
	vmovups	(%rdx,%r8,4), %ymm0
	vmovups	-32(%rdx,%r8,4), %ymm2
	vmovups	(%rsp), %ymm5
	vmovups	-128(%rsp), %ymm10
	vfnmadd132ps	%ymm7, %ymm1, %ymm0
	vfnmadd132ps	%ymm7, %ymm1, %ymm2
	vmulps	-32(%rsi,%r8,4), %ymm2, %ymm14
	vmulps	(%rsi,%r8,4), %ymm0, %ymm13
	vmovups	%ymm0, 256(%rsp)
	vmovups	160(%rsp), %ymm0
	vmovups	%ymm2, 224(%rsp)
	vandps	%ymm0, %ymm14, %ymm2
	vandps	%ymm0, %ymm13, %ymm3
	vmovups	128(%rsp), %ymm0
	vorps	%ymm0, %ymm14, %ymm4
	vorps	%ymm0, %ymm13, %ymm15
	vmovups	96(%rsp), %ymm0
	vcmpltps	%ymm2, %ymm0, %ymm2
	vcmpltps	%ymm3, %ymm0, %ymm3
	vmovups	64(%rsp), %ymm0
	vblendvps	%ymm3, %ymm0, %ymm15, %ymm6
	vmovups	32(%rsp), %ymm3
	vblendvps	%ymm2, %ymm0, %ymm4, %ymm4
	vmovdqu	-32(%rsp), %ymm0
	vmovaps	%ymm3, %ymm2
	vfmadd213ps	%ymm5, %ymm4, %ymm2
	vfmadd213ps	%ymm5, %ymm6, %ymm3
	vroundps	$9, %ymm3, %ymm15
	vroundps	$9, %ymm2, %ymm2
	vcvttps2dq	%ymm2, %ymm3
	vcvttps2dq	%ymm15, %ymm8
	vpslld	$23, %ymm3, %ymm3
	vpslld	$23, %ymm8, %ymm8
	vpaddd	%ymm0, %ymm3, %ymm9
	vpaddd	%ymm0, %ymm8, %ymm3
	vmovups	-64(%rsp), %ymm0
	vfnmadd213ps	%ymm4, %ymm0, %ymm2
	vfnmadd213ps	%ymm6, %ymm0, %ymm15
	vmovups	-96(%rsp), %ymm0
	vmulps	%ymm2, %ymm2, %ymm4
	vmulps	%ymm15, %ymm15, %ymm6
	vmovaps	%ymm0, %ymm8
	vfmadd213ps	%ymm10, %ymm2, %ymm8
	vfmadd213ps	%ymm10, %ymm15, %ymm0
	vmovups	576(%rsp), %ymm10
	vfmadd213ps	%ymm10, %ymm2, %ymm8
	vfmadd213ps	%ymm10, %ymm15, %ymm0
	vmovups	544(%rsp), %ymm10
	vfmadd213ps	%ymm10, %ymm2, %ymm8
	vfmadd213ps	%ymm10, %ymm15, %ymm0
	vmovups	512(%rsp), %ymm10
	vfmadd213ps	%ymm10, %ymm2, %ymm8
	vfmadd213ps	%ymm10, %ymm15, %ymm0
	vfmadd213ps	%ymm5, %ymm2, %ymm8
	vaddps	%ymm1, %ymm2, %ymm2
	vfmadd213ps	%ymm5, %ymm15, %ymm0
	vmovups	448(%rsp), %ymm5
	vfmadd231ps	%ymm8, %ymm4, %ymm2
	vaddps	%ymm1, %ymm15, %ymm4
	vfmadd231ps	%ymm0, %ymm6, %ymm4
	vmulps	%ymm2, %ymm9, %ymm2
	vmulps	%ymm3, %ymm4, %ymm15
	vaddps	%ymm7, %ymm2, %ymm0
	vaddps	%ymm7, %ymm15, %ymm3
	vdivps	%ymm0, %ymm2, %ymm0
	vdivps	%ymm3, %ymm15, %ymm6
	vmovups	480(%rsp), %ymm3
	vmulps	%ymm0, %ymm0, %ymm8
	vmovaps	%ymm3, %ymm4
	vaddps	%ymm0, %ymm0, %ymm0
	vmulps	%ymm6, %ymm6, %ymm9
	vfmadd213ps	%ymm5, %ymm8, %ymm4
	vaddps	%ymm6, %ymm6, %ymm6
	vfmadd213ps	%ymm5, %ymm9, %ymm3
	vmovups	416(%rsp), %ymm5
	vfmadd213ps	%ymm5, %ymm8, %ymm4
	vfmadd213ps	%ymm5, %ymm9, %ymm3
	vmovups	384(%rsp), %ymm5
	vfmadd213ps	%ymm5, %ymm8, %ymm4
	vfmadd213ps	%ymm5, %ymm9, %ymm3
	vmovups	352(%rsp), %ymm5
	vfmadd213ps	%ymm5, %ymm8, %ymm4
	vfmadd213ps	%ymm5, %ymm9, %ymm3
	vmovups	320(%rsp), %ymm5
	vfmadd213ps	%ymm5, %ymm8, %ymm4
	vfmadd213ps	%ymm5, %ymm9, %ymm3
	vmovups	288(%rsp), %ymm5
	vfmadd213ps	%ymm5, %ymm8, %ymm4
	vfmadd213ps	%ymm5, %ymm9, %ymm3
	vsubps	%ymm14, %ymm14, %ymm5
	vfmadd213ps	%ymm1, %ymm8, %ymm4
	vfmadd213ps	%ymm1, %ymm9, %ymm3
	vmaxps	%ymm5, %ymm14, %ymm9
	vfmadd231ps	%ymm0, %ymm4, %ymm9
	vsubps	%ymm13, %ymm13, %ymm0
	vmaxps	%ymm0, %ymm13, %ymm4
	vcmpleps	%ymm13, %ymm0, %ymm0
	vfmadd231ps	%ymm6, %ymm3, %ymm4
	vaddps	%ymm1, %ymm2, %ymm6
	vcmpleps	%ymm14, %ymm5, %ymm3
	vdivps	%ymm6, %ymm1, %ymm6
	vmulps	%ymm2, %ymm6, %ymm2
	vblendvps	%ymm3, %ymm6, %ymm2, %ymm2
	vaddps	%ymm1, %ymm15, %ymm3
	vdivps	%ymm3, %ymm1, %ymm3
	vmulps	%ymm3, %ymm15, %ymm6
	vblendvps	%ymm0, %ymm3, %ymm6, %ymm0
	vmovups	-32(%rcx,%r8,4), %ymm3
	vfmadd231ps	%ymm9, %ymm3, %ymm12
	vmulps	224(%rsp), %ymm3, %ymm3
	vmulps	%ymm2, %ymm3, %ymm2
	vmovups	(%rcx,%r8,4), %ymm3
	vmovups	%ymm2, -32(%rax,%r8,4)
	vfmadd231ps	%ymm4, %ymm3, %ymm11
	vmulps	256(%rsp), %ymm3, %ymm3
	vmulps	%ymm0, %ymm3, %ymm0
	vmovups	%ymm0, (%rax,%r8,4)
	addq	$16, %r8
	cmpq	$168, %r8
	jne	.LBB3_4
	vaddps	%ymm12, %ymm11, %ymm0
	vextractf128	$1, %ymm0, %xmm1
	vaddps	%xmm0, %xmm1, %xmm0
	vshufpd	$1, %xmm0, %xmm0, %xmm1
	vaddps	%xmm0, %xmm1, %xmm0
	vmovshdup	%xmm0, %xmm1
	vaddss	%xmm0, %xmm1, %xmm3
	jmp	.LBB3_6
.LBB3_7:
	movabsq	$.LCPI3_2, %r10
	movabsq	$.LCPI3_1, %r9
	movabsq	$.LCPI3_0, %r11
	movabsq	$.LCPI3_19, %rbx
	movabsq	$.LCPI3_20, %r14
	xorl	%r8d, %r8d
	vxorps	%xmm3, %xmm3, %xmm3
	vbroadcastss	(%r10), %xmm2
	vmovss	(%r9), %xmm0
	movabsq	$.LCPI3_3, %r9
	vmovss	(%r11), %xmm1
	movabsq	$.LCPI3_17, %r10
	movabsq	$.LCPI3_18, %r11
	vmovss	(%rbx), %xmm7
	vmovss	(%r14), %xmm8
	vmovss	(%r10), %xmm4
	vmovss	(%r11), %xmm5
	vmovaps	%xmm2, 256(%rsp)
	vbroadcastss	(%r9), %xmm2
	movabsq	$.LCPI3_4, %r9
	vmovaps	%xmm2, 224(%rsp)
	vmovss	(%r9), %xmm2
	movabsq	$.LCPI3_5, %r9
	vmovss	%xmm2, 192(%rsp)
	vbroadcastss	(%r9), %xmm2
	movabsq	$.LCPI3_7, %r9
	vmovss	(%r9), %xmm6
	movabsq	$.LCPI3_6, %r9
	vmovaps	%xmm2, 160(%rsp)
	vmovss	(%r9), %xmm2
	movabsq	$.LCPI3_21, %r9
	vmovss	%xmm2, 128(%rsp)
	vmovss	(%r9), %xmm2
	movabsq	$.LCPI3_9, %r9
	vmovss	%xmm2, 96(%rsp)
	vmovss	(%r9), %xmm2
	movabsq	$.LCPI3_10, %r9
	vmovss	%xmm2, 64(%rsp)
	vmovss	(%r9), %xmm2
	movabsq	$.LCPI3_11, %r9
	vmovss	%xmm2, 32(%rsp)
	vmovss	(%r9), %xmm2
	movabsq	$.LCPI3_12, %r9
	vmovss	%xmm2, (%rsp)
	vmovss	(%r9), %xmm2
	movabsq	$.LCPI3_13, %r9
	vmovss	%xmm2, -32(%rsp)
	vmovss	(%r9), %xmm2
	movabsq	$.LCPI3_14, %r9
	vmovss	%xmm2, -64(%rsp)
	vmovss	(%r9), %xmm2
	movabsq	$.LCPI3_15, %r9
	vmovss	%xmm2, -96(%rsp)
	vmovss	(%r9), %xmm2
	movabsq	$.LCPI3_16, %r9
	vmovss	%xmm2, -128(%rsp)
	vmovss	(%r9), %xmm2
	.p2align	4
.LBB3_8:
	vmovss	(%rdx,%r8,4), %xmm9
	vmovss	192(%rsp), %xmm13
	vmovss	64(%rsp), %xmm14
	vfnmadd132ss	%xmm1, %xmm0, %xmm9
	vmulss	(%rsi,%r8,4), %xmm9, %xmm10
	vmulss	(%rcx,%r8,4), %xmm9, %xmm9
	vandps	256(%rsp), %xmm10, %xmm11
	vorps	224(%rsp), %xmm10, %xmm12
	vcmpltss	%xmm11, %xmm13, %xmm11
	vblendvps	%xmm11, 160(%rsp), %xmm12, %xmm11
	vmovaps	%xmm6, %xmm12
	vfmadd231ss	128(%rsp), %xmm11, %xmm12
	vroundss	$9, %xmm12, %xmm12, %xmm12
	vfmadd231ss	96(%rsp), %xmm12, %xmm11
	vcvttss2si	%xmm12, %r9d
	vfmadd213ss	32(%rsp), %xmm11, %xmm14
	shll	$23, %r9d
	addl	$1065353216, %r9d
	vmovd	%r9d, %xmm13
	vfmadd213ss	(%rsp), %xmm11, %xmm14
	vmulss	%xmm11, %xmm11, %xmm12
	vfmadd213ss	-32(%rsp), %xmm11, %xmm14
	vfmadd213ss	-64(%rsp), %xmm11, %xmm14
	vfmadd213ss	%xmm6, %xmm11, %xmm14
	vaddss	%xmm0, %xmm11, %xmm11
	vfmadd231ss	%xmm14, %xmm12, %xmm11
	vmovss	-96(%rsp), %xmm14
	vmulss	%xmm13, %xmm11, %xmm11
	vaddss	%xmm1, %xmm11, %xmm12
	vdivss	%xmm12, %xmm11, %xmm12
	vmulss	%xmm12, %xmm12, %xmm13
	vfmadd213ss	-128(%rsp), %xmm13, %xmm14
	vaddss	%xmm12, %xmm12, %xmm12
	vfmadd213ss	%xmm2, %xmm13, %xmm14
	vfmadd213ss	%xmm4, %xmm13, %xmm14
	vfmadd213ss	%xmm5, %xmm13, %xmm14
	vfmadd213ss	%xmm7, %xmm13, %xmm14
	vfmadd213ss	%xmm8, %xmm13, %xmm14
	vfmadd213ss	%xmm0, %xmm13, %xmm14
	vsubss	%xmm10, %xmm10, %xmm13
	vmaxss	%xmm13, %xmm10, %xmm15
	vcmpless	%xmm10, %xmm13, %xmm10
	vfmadd231ss	%xmm12, %xmm14, %xmm15
	vaddss	%xmm0, %xmm11, %xmm12
	vdivss	%xmm12, %xmm0, %xmm12
	vmulss	%xmm11, %xmm12, %xmm11
	vblendvps	%xmm10, %xmm12, %xmm11, %xmm10
	vmulss	%xmm10, %xmm9, %xmm9
	vmovss	%xmm9, (%rax,%r8,4)
	vfmadd231ss	(%rcx,%r8,4), %xmm15, %xmm3
	incq	%r8
	cmpq	$160, %r8
	jne	.LBB3_8
.LBB3_6:
	vmovss	%xmm3, (%rdi)
	xorl	%eax, %eax
	addq	$616, %rsp
	.cfi_def_cfa_offset 40
	popq	%rbx
	.cfi_def_cfa_offset 32
	popq	%r14
	.cfi_def_cfa_offset 24
	popq	%r15
	.cfi_def_cfa_offset 16
	popq	%rbp
	.cfi_def_cfa_offset 8
	vzeroupper
	retq
.Lfunc_end3:
	.size	_ZN3w2v6losses17negative_sampling13logistic_tileB2v9B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE24Literal_5bint_5d_2810_2924Literal_5bint_5d_2816_29, .Lfunc_end3-_ZN3w2v6losses17negative_sampling13logistic_tileB2v9B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE24Literal_5bint_5d_2810_2924Literal_5bint_5d_2816_29
	.cfi_endproc

	.weak	NRT_incref
	.p2align	4
	.type	NRT_incref,@function
NRT_incref:
	testq	%rdi, %rdi
	je	.LBB4_2
	lock		incq	(%rdi)
.LBB4_2:
	retq
.Lfunc_end4:
	.size	NRT_incref, .Lfunc_end4-NRT_incref

	.weak	NRT_decref
	.p2align	4
	.type	NRT_decref,@function
NRT_decref:
	.cfi_startproc
	testq	%rdi, %rdi
	je	.LBB5_2
	#MEMBARRIER
	lock		decq	(%rdi)
	je	.LBB5_3
.LBB5_2:
	retq
.LBB5_3:
	movabsq	$NRT_MemInfo_call_dtor, %rax
	#MEMBARRIER
	jmpq	*%rax
.Lfunc_end5:
	.size	NRT_decref, .Lfunc_end5-NRT_decref
	.cfi_endproc

	.type	.const.f_tile,@object
	.section	.lrodata,"al",@progbits
.const.f_tile:
	.asciz	"f_tile"
	.size	.const.f_tile, 7

	.type	_ZN08NumbaEnv8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29,@object
	.comm	_ZN08NumbaEnv8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29,8,8
	.type	".const.missing Environment: _ZN08NumbaEnv8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29",@object
	.p2align	4, 0x0
".const.missing Environment: _ZN08NumbaEnv8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29":
	.asciz	"missing Environment: _ZN08NumbaEnv8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29"
	.size	".const.missing Environment: _ZN08NumbaEnv8__main__6f_tileB3v16B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEx161Model_28array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_29465Scratch_28array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28int64_2c_201d_2c_20C_29_2c_20array_28float32_2c_202d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28float32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_2c_20array_28int32_2c_201d_2c_20C_29_29", 798

	.type	".const.size mismatch for tuple, expected 4 element(s) but got %zd",@object
	.p2align	4, 0x0
".const.size mismatch for tuple, expected 4 element(s) but got %zd":
	.asciz	"size mismatch for tuple, expected 4 element(s) but got %zd"
	.size	".const.size mismatch for tuple, expected 4 element(s) but got %zd", 59

	.type	".const.can't unbox array from PyObject into native value.  The object maybe of a different type",@object
	.p2align	4, 0x0
".const.can't unbox array from PyObject into native value.  The object maybe of a different type":
	.asciz	"can't unbox array from PyObject into native value.  The object maybe of a different type"
	.size	".const.can't unbox array from PyObject into native value.  The object maybe of a different type", 89

	.type	".const.size mismatch for tuple, expected 12 element(s) but got %zd",@object
	.p2align	4, 0x0
".const.size mismatch for tuple, expected 12 element(s) but got %zd":
	.asciz	"size mismatch for tuple, expected 12 element(s) but got %zd"
	.size	".const.size mismatch for tuple, expected 12 element(s) but got %zd", 60

	.type	".const.Error creating Python tuple from runtime exception arguments",@object
	.p2align	4, 0x0
".const.Error creating Python tuple from runtime exception arguments":
	.asciz	"Error creating Python tuple from runtime exception arguments"
	.size	".const.Error creating Python tuple from runtime exception arguments", 61

	.type	".const.unknown error when calling native function",@object
	.p2align	4, 0x0
".const.unknown error when calling native function":
	.asciz	"unknown error when calling native function"
	.size	".const.unknown error when calling native function", 43

	.type	".const.Error creating Python tuple from runtime exception arguments.1",@object
	.p2align	4, 0x0
".const.Error creating Python tuple from runtime exception arguments.1":
	.asciz	"Error creating Python tuple from runtime exception arguments"
	.size	".const.Error creating Python tuple from runtime exception arguments.1", 61

	.type	".const.unknown error when calling native function.2",@object
	.p2align	4, 0x0
".const.unknown error when calling native function.2":
	.asciz	"unknown error when calling native function"
	.size	".const.unknown error when calling native function.2", 43

	.type	".const.<numba.core.cpu.CPUContext>",@object
	.p2align	4, 0x0
".const.<numba.core.cpu.CPUContext>":
	.asciz	"<numba.core.cpu.CPUContext>"
	.size	".const.<numba.core.cpu.CPUContext>", 28

	.type	_ZN08NumbaEnv3w2v6losses17negative_sampling13logistic_tileB2v9B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE24Literal_5bint_5d_2810_2924Literal_5bint_5d_2816_29,@object
	.comm	_ZN08NumbaEnv3w2v6losses17negative_sampling13logistic_tileB2v9B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE5ArrayIfLi1E1C7mutable7alignedE24Literal_5bint_5d_2810_2924Literal_5bint_5d_2816_29,8,8
	.type	_ZN08NumbaEnv3w2v8numerics20sigmoid_and_softplusB3v10B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEf,@object
	.comm	_ZN08NumbaEnv3w2v8numerics20sigmoid_and_softplusB3v10B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEf,8,8
	.type	_ZN08NumbaEnv3w2v8numerics13_overload_exp12_3clocals_3e12_3clambda_3eB3v11B102c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDGyNBQG0BBiiYpQkAEf,@object
	.comm	_ZN08NumbaEnv3w2v8numerics13_overload_exp12_3clocals_3e12_3clambda_3eB3v11B102c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDGyNBQG0BBiiYpQkAEf,8,8
	.type	_ZN08NumbaEnv3w2v8numerics6_exp32B3v12B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEf,@object
	.comm	_ZN08NumbaEnv3w2v8numerics6_exp32B3v12B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEf,8,8
	.type	_ZN08NumbaEnv5numba7cpython7numbers11scalar_view12_3clocals_3e4implB3v13B102c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDGyNBQG0BBiiYpQkAEi18class_28float32_29,@object
	.comm	_ZN08NumbaEnv5numba7cpython7numbers11scalar_view12_3clocals_3e4implB3v13B102c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDGyNBQG0BBiiYpQkAEi18class_28float32_29,8,8
	.type	_ZN08NumbaEnv3w2v8numerics20_overload_log1p_unit12_3clocals_3e12_3clambda_3eB3v14B102c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDGyNBQG0BBiiYpQkAEf,@object
	.comm	_ZN08NumbaEnv3w2v8numerics20_overload_log1p_unit12_3clocals_3e12_3clambda_3eB3v14B102c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDGyNBQG0BBiiYpQkAEf,8,8
	.type	_ZN08NumbaEnv3w2v8numerics13_log1p_unit32B3v15B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEf,@object
	.comm	_ZN08NumbaEnv3w2v8numerics13_log1p_unit32B3v15B104c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsCAgXrKFt1X1erJ_2bXklRYnJJeo6CupFwIRUnJ8MYuYVV6nXagKDuwhmLFI6A4toAgA_3dEf,8,8
	.section	".note.GNU-stack","",@progbits
